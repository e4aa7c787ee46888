"""What one notebook asks and nothing else needs."""
