"""One notebook over a grid of parameters: its points, their table, their comparison."""
