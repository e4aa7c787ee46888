"""`build/index.html`: every figure with its numbers, to be looked at in a browser."""

from coincast.report.page.index import FRESH, Record, write_page

__all__ = ["FRESH", "Record", "write_page"]
