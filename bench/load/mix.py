"""What users do, how often, and whose they are: a church's staff at work, on an ordinary day.

No access log of such a backend is public, so that the shares are a judgement, and one place to change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

ZIPF = 1.0
"""The exponent: the k-th largest church makes 1/k of the largest's requests, as app/src/cli/seed.js has."""

MIX = {
    # A session lasts 24 hours, in which its user asks some 500 times. A log-in keeps a core busy with scrypt
    # for a sixth of a second, on purpose: with a larger share of them scrypt is all that is measured.
    "log_in": 0.002,
    "me": 0.050,
    "analytics": 0.150,  # the first thing on the screen
    "members": 0.220,
    "members_opted_in": 0.130,  # whom an SMS may go to
    "members_next": 0.100,  # the page after the one last seen
    "conversations": 0.170,
    "messages": 0.123,  # of one conversation, by direction
    "new_member": 0.005,
    "send": 0.050,  # a message, and the SMS that carries it
}
"""Shares of all requests, by the names that users.js and the report have for them."""


def zipf(count: int, exponent: float = ZIPF) -> list[float]:
    """The shares of `count` churches, the largest first; they add up to 1."""
    weights = [1 / (rank + 1) ** exponent for rank in range(count)]
    return [weight / sum(weights) for weight in weights]


def cumulative(shares: Sequence[float]) -> list[float]:
    """Where each share ends on the way from 0 to 1, so that a number drawn evenly finds its owner."""
    ends = list(accumulate(shares))
    return [*ends[:-1], 1.0]  # what rounding left over belongs to the last
