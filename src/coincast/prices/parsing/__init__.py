"""Reading what the sources answer: pages, JSON and table cells, all untrusted."""
