"""What all tests share: reproducible properties and a server of their own."""

import pytest
from hypothesis import settings
from server import Server

# The same examples on every machine and day: a failure in CI is a failure here.
settings.register_profile("coincast", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("coincast")


@pytest.fixture
def server(monkeypatch):
    """Serve pages from this machine, past any proxy that it may have."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        yield running
