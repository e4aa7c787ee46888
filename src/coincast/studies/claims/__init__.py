"""Every published claim, our evidence on it, and the verdict that follows."""

from coincast.studies.claims.published import CLAIMS, Claim

__all__ = ["CLAIMS", "Claim"]
