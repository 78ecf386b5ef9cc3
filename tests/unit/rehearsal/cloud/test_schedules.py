"""When a scheduled action is due."""

from datetime import UTC, datetime

from rehearsal.cloud.schedules import next_time

NOW = datetime(2026, 3, 27, 18, 0, tzinfo=UTC)  # a Friday


def test_a_recurrence_is_in_its_own_time_zone() -> None:
    """07:30 in Berlin is 06:30 in UTC, and 05:30 once summer time has begun."""
    due = next_time("30 7 * * MON-FRI", "Europe/Berlin", start=None, end=None, after=NOW)
    assert due == datetime(2026, 3, 30, 5, 30, tzinfo=UTC)
    due = next_time("30 7 * * *", "Europe/Berlin", start=None, end=None, after=NOW)
    assert due == datetime(2026, 3, 28, 6, 30, tzinfo=UTC)


def test_a_recurrence_keeps_to_its_start_and_end() -> None:
    """Not before the one, and never after the other."""
    start, end = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    assert next_time("0 12 * * *", None, start=start, end=end, after=NOW) == start.replace(hour=12)
    assert next_time("0 12 3 * *", None, start=start, end=end, after=NOW) is None


def test_without_a_recurrence_it_is_due_once() -> None:
    """At its start, even when that has just passed."""
    assert next_time(None, None, start=NOW, end=None, after=NOW) == NOW
