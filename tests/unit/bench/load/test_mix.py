"""Who asks for what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load import mix

USERS = Path(mix.__file__).parent / "users.js"


def test_the_shares_are_all_requests() -> None:
    """What is missing would be asked for by nobody."""
    assert sum(mix.MIX.values()) == pytest.approx(1)
    assert min(mix.MIX.values()) > 0


def test_users_can_do_what_the_mix_says_and_nothing_else() -> None:
    """Each share is a function of the script that k6 runs."""
    body = USERS.read_text().partition("const ACTIONS = {")[2].partition("\n};")[0]
    assert set(re.findall(r"^  (\w+)[(:]", body, re.MULTILINE)) == set(mix.MIX)


@given(st.integers(1, 500), st.floats(0, 2))
def test_churches_shares_fall_with_their_rank_and_add_up(count: int, exponent: float) -> None:
    """With exponent 0 all are the same."""
    shares = mix.zipf(count, exponent)
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
    assert shares[0] == pytest.approx(shares[-1] * count**exponent)


@given(st.integers(1, 500))
def test_every_number_below_1_finds_a_church(count: int) -> None:
    """Rounding leaves no gap at the end."""
    ends = mix.cumulative(mix.zipf(count))
    assert ends == sorted(ends)
    assert ends[-1] == 1
