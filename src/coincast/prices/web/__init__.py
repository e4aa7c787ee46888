"""Fetching from the web within limits, and keeping its answers."""
