"""What a line tells of a build: phase, per cent, and the time that is left at the pace so far."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from migrator.applying.progress import Phase, State

SCAN = "building index: scanning table"


def clock(*seconds: float) -> Iterator[float]:
    return iter(seconds)


def test_the_time_left_is_that_of_the_phase_at_its_pace_so_far() -> None:
    """From the second look on; a new phase begins again."""
    phase = Phase(clock(0.0, 10.0, 20.0, 22.0).__next__)
    assert phase.described(State(phase=SCAN, done=0.1)) == f"10 % ({SCAN})"
    assert phase.described(State(phase=SCAN, done=0.3)) == f"30 % ({SCAN}), 35 s left"
    assert phase.described(State(phase="sorting", done=0.3)) == "30 % (sorting)"
    assert phase.described(State(phase="sorting", done=None)) == "(sorting)"
    assert phase.described(None) == ""


@given(
    looks=st.lists(
        st.tuples(st.floats(0.1, 1e6), st.sampled_from(["a", "b"]), st.none() | st.integers(0, 1000)),
        max_size=20,
    )
)
def test_no_time_left_is_negative_or_unknown(looks: list[tuple[float, str, int | None]]) -> None:
    """Whatever PostgreSQL reports, also a share that shrinks."""
    now = 0.0
    phase = Phase(lambda: now)
    for seconds, name, done in looks:
        now += seconds
        described = phase.described(State(phase=name, done=None if done is None else done / 1000))
        if " s left" in described:
            assert int(described.rpartition(", ")[2].removesuffix(" s left")) >= 0
