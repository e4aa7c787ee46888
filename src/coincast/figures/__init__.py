"""Recorded results -> matplotlib figures. Nothing here loads, trains or chooses anything."""
