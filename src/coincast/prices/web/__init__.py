"""Asking the web within limits, and keeping its answers."""
