"""Prices -> features -> lagged windows -> splits and scaling."""
