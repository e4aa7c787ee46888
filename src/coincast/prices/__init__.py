"""Daily prices: where they come from, and the checks that every table goes through."""
