"""Which run of a job may begin: the decisions of the kit's program, without S3, servers or time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from croniter import croniter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stacks.cron import problem
from testkit import cron
from testkit.cron_model import Decide, Model, decisions

SCHEDULE = "0 6 * * *"
SERVERS = 3
FIELDS = ((0, 59), (0, 23), (1, 28), (1, 12), (0, 6))
"""The least and the greatest value of each; all months have these days."""
SKEW = st.integers(-1500, 1500)
"""By how much a machine of S3's may be ahead, in ms."""
SERVER = st.integers(0, SERVERS - 1)
STEP = st.one_of(
    st.tuples(st.just("take"), SERVER, SKEW),
    st.tuples(st.just("take"), SERVER, SKEW),
    st.tuples(st.just("look"), SERVER, SKEW),
    st.tuples(st.just("act"), SERVER),
    st.tuples(st.just("arrive"), st.integers(0, 5), SKEW),
    st.tuples(st.just("end"), SERVER),
    st.tuples(st.just("crash"), SERVER),
    st.tuples(st.just("wait"), st.sampled_from([1, 900, 5000, 9500, 20_000, 40_000, 56_000])),
)


@pytest.fixture(scope="module")
def decide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decide]:
    with decisions(cron.adapter(tmp_path_factory.mktemp("adapter"))) as decide:
        yield decide


def at(text: str) -> int:
    """Milliseconds since the epoch, of a time of 2 June 2026."""
    return int(datetime.fromisoformat(f"2026-06-02T{text}+00:00").astimezone(UTC).timestamp() * 1000)


def yesterday(**members: Any) -> dict[str, Any]:
    """The record after the run of the day before."""
    return {"due": at("06:00:00") - 86_400_000, "schedule": SCHEDULE, "state": "ended", **members}


def decided(decide: Decide, now: str, record: dict[str, Any], **members: Any) -> dict[str, Any]:
    """What a server does that has run for hours."""
    itself = {"holder": "me", "schedule": SCHEDULE, "since": at("00:00:00")}
    seen = {"record": record, "modified": at("05:59:00"), "now": at(now)}
    return decide({"self": itself | members.pop("itself", {}), "seen": seen | members})


@pytest.mark.parametrize("now", ["06:00:00", "06:00:01", "06:10:00"])
def test_a_due_time_is_asked_for_up_to_ten_minutes_late(decide: Decide, now: str) -> None:
    """A server that boots meanwhile takes what no other could."""
    booted = {"since": at(now)}
    assert decided(decide, now, yesterday(), itself=booted) == {"kind": "ask", "due": at("06:00:00")}


def test_later_it_is_missed(decide: Decide) -> None:
    """And said so, until another is taken."""
    waits = {"kind": "wait", "until": at("06:00:00") + 86_400_000}
    assert decided(decide, "06:10:01", yesterday()) == waits | {"missed": at("06:00:00")}
    assert decided(decide, "06:10:01", yesterday(due=at("06:00:00"))) == waits


def test_what_was_taken_is_not_asked_for_again(decide: Decide) -> None:
    """However its run ended."""
    for state in ("running", "ended"):
        taken = yesterday(due=at("06:00:00"), state=state, holder="other", lease=1)
        assert decided(decide, "06:05:00", taken)["kind"] == "wait"


def test_before_its_time_it_waits(decide: Decide) -> None:
    """By S3's clock, whatever its own says."""
    assert decided(decide, "05:59:59", yesterday()) == {"kind": "wait", "until": at("06:00:00")}


def test_another_run_keeps_it_waiting_until_its_lease_ends(decide: Decide) -> None:
    """Looked at again and again."""
    other = yesterday(state="running", holder="other", lease=120_000)
    assert decided(decide, "06:00:00", other) == {"kind": "wait", "until": at("06:00:05")}
    assert decided(decide, "06:01:00", other)["kind"] == "wait"
    assert decided(decide, "06:01:01", other)["kind"] == "ask"


def test_what_it_was_given_it_starts_in_time_and_once(decide: Decide) -> None:
    """Also when the answer was lost that said so."""
    mine = yesterday(due=at("06:00:00"), state="running", holder="me", lease=60_000)
    assert decided(decide, "06:00:03", mine, modified=at("06:00:01")) == {
        "kind": "start",
        "due": at("06:00:00"),
        "within": 8000,
    }
    begun = {"begun": at("06:00:00")}
    assert decided(decide, "06:00:03", mine, modified=at("06:00:01"), itself=begun)["kind"] == "wait"


def test_a_new_schedule_is_not_made_up_for(decide: Decide) -> None:
    """A deployment at five past does not run what its schedule would have been due for at six."""
    other = yesterday(schedule="0 4 * * *")
    assert decided(decide, "06:05:00", other, itself={"since": at("06:05:00")})["kind"] == "wait"
    assert decided(decide, "06:05:00", other)["kind"] == "ask"


def field(lowest: int, highest: int) -> st.SearchStrategy[str]:
    """Of a cron expression, in the forms that the settings accept."""
    value = st.integers(lowest, highest)
    # Of one value, such as 0-0, croniter makes all.
    ends = st.lists(value, min_size=2, max_size=2, unique=True).map(sorted)
    ranges = ends.map(lambda both: f"{both[0]}-{both[1]}")
    steps = st.tuples(st.just("*") | ranges, st.integers(1, highest - lowest + 1)).map(
        lambda both: f"{both[0]}/{both[1]}"
    )
    lists = st.lists(value.map(str) | ranges, min_size=2, max_size=3).map(",".join)
    return st.just("*") | value.map(str) | ranges | steps | lists


@settings(max_examples=300, deadline=None)
@given(
    expression=st.tuples(*(field(*ends) for ends in FIELDS)).map(" ".join),
    now=st.integers(1_750_000_000, 1_850_000_000),
)
def test_the_next_due_time_is_that_of_another_reader_of_cron(
    decide: Decide, expression: str, now: int
) -> None:
    """croniter's, with which the settings have nothing to do; where both days are given either will do."""
    assert problem(expression) is None
    # Crons differ on whether a day of */2 is one that is given.
    assume(not any(day.startswith("*/") for day in (expression.split()[2], expression.split()[4])))
    itself = {"holder": "me", "schedule": expression, "since": now * 1000}
    record = {"due": now * 1000, "schedule": expression, "state": "ended"}
    said = decide({"self": itself, "seen": {"record": record, "modified": 0, "now": now * 1000}})
    next_ = croniter(expression, datetime.fromtimestamp(now, UTC)).get_next(float)
    assert said == {"kind": "wait", "until": next_ * 1000}


@settings(max_examples=200, deadline=None)
@given(schedule=st.sampled_from(["* * * * *", "*/2 * * * *"]), steps=st.lists(STEP, max_size=80))
def test_no_due_time_runs_twice_and_no_two_runs_at_once(
    decide: Decide, schedule: str, steps: list[tuple[Any, ...]]
) -> None:
    """Whatever the order in which servers look, act and die, and requests arrive; the model asserts it."""
    taken(Model.of(SERVERS, decide, schedule=schedule), steps)


LATE_WRITER = [
    *(("wait", 60_000), ("look", 0, 0), ("look", 1, 0), ("act", 0), ("act", 1)),
    *(("arrive", 0, 0), ("look", 0, 0), ("act", 0), ("end", 0), ("arrive", 0, 0), ("look", 1, 0), ("act", 1)),
]


def test_without_the_condition_a_due_time_runs_twice(decide: Decide) -> None:
    """The twin, and that the same steps are harmless with it."""
    taken(kept := Model.of(SERVERS, decide, schedule="* * * * *"), LATE_WRITER)
    assert len(kept.runs) == 1
    with pytest.raises(AssertionError, match="began again"):
        taken(Model.of(SERVERS, decide, schedule="* * * * *", is_conditional=False), LATE_WRITER)


def taken(model: Model, steps: list[tuple[Any, ...]]) -> None:
    """Each step, in this order."""
    for action, number, *skew in steps:
        if action in ("wait", "arrive"):
            getattr(model, action)(number, *skew)
        elif action != "end" or model.servers[number].run:
            getattr(model, action)(model.servers[number], *skew)
