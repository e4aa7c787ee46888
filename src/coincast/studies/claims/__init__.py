"""Every published claim, our evidence on it, and the verdict that follows."""

from coincast.studies.claims.published import CLAIMS

__all__ = ["CLAIMS"]
