"""Headlines of your own, turned into a daily series of scores."""
