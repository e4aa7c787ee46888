"""Scores of forecasts, with intervals and tests."""
