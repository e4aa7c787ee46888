"""Figures of what forecasts are worth."""
