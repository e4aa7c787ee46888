"""What all tests share: reproducible properties and a server of their own."""

import os

import pytest
from hypothesis import settings
from server import Server

# The same examples on every machine and day: a failure in CI is a failure here.
settings.register_profile("coincast", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("coincast")

# Tests speak to this machine only, whatever proxy it has.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


@pytest.fixture
def server():
    """Serve pages from this machine for one test."""
    with Server() as running:
        yield running
