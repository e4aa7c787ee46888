"""Reading what sources give: pages, JSON and table cells, all of it untrusted."""
