"""`build/index.html`: every figure with its numbers, to be looked at in a browser."""

from coincast.page.index import Record, write_page

__all__ = ["Record", "write_page"]
