"""Which promise holds, from what was measured."""

from __future__ import annotations

import json

import pytest

from bench.migrations.database import logged_seconds
from bench.migrations.latency import Span, Write
from bench.migrations.report import Build, BuildReport
from bench.migrations.way import CONCURRENTLY, MIGRATOR, NO_BUILD, PLAIN


def build(way: str, seconds: float, slowest: float, *, failed: int = 0, lost: int = 0) -> Build:
    return Build(
        way=way,
        span=Span(start=0, end=seconds),
        statement_seconds=0.0 if way == NO_BUILD else seconds - 0.5,
        peak_rss=2048,
        writes=[Write(scheduled=1, latency=latency) for latency in (0.002, slowest)],
        failed=failed,
        lost=lost,
    )


def report(*migrators: Build, plain: float = 7.0) -> BuildReport:
    """Beside psql's builds, which took 10 s each."""
    psqls = [build(CONCURRENTLY, 10, 0.2) for _ in migrators]
    others = [build(NO_BUILD, 20, 0.01), build(PLAIN, 7, plain)]
    return BuildReport(builds=[*others, *psqls, *migrators], lock_timeout=1.0)


def test_a_build_that_blocks_nobody_and_loses_nothing_keeps_every_promise() -> None:
    """One pair of three may be slow: the median counts."""
    kept = report(build(MIGRATOR, 10.4, 0.9), build(MIGRATOR, 10.5, 0.1), build(MIGRATOR, 13, 0.1))
    assert kept.process_ratios() == [1.04, 1.05, 1.3]
    assert kept.fastest_ratio() == 1.04
    assert kept.broken_promises() == []


def test_a_writer_that_waits_beyond_lock_timeout_breaks_the_promise() -> None:
    """The worst of all builds counts, and what is usual on this machine is told."""
    assert report(build(MIGRATOR, 10, 0.1), build(MIGRATOR, 10, 1.3)).broken_promises() == [
        "a write took 1.30 s while the migrator built, and lock_timeout is 1 s "
        "(the slowest without a build took 0.01 s, with psql's 0.20 s)"
    ]


def test_a_migrator_that_is_slower_than_psql_breaks_the_promise() -> None:
    """The statement alone tells where the time went."""
    assert report(build(MIGRATOR, 10.6, 0.1)).broken_promises() == [
        "the migrator took 1.060 times psql's CONCURRENTLY, and may take 1.05 times "
        "(the statement alone: median 1.063, 1.063 to 1.063; what is around it: 0.50 s, psql's 0.50 s)"
    ]


@pytest.mark.parametrize(("failed", "lost"), [(1, 0), (0, 2)])
def test_a_lost_write_breaks_the_promise(failed: int, lost: int) -> None:
    """One that failed, as one that was acknowledged and is not there."""
    assert report(build(MIGRATOR, 10, 0.1, failed=failed, lost=lost)).broken_promises() == [
        f"migrator: {lost} acknowledged writes are not in the table, {failed} failed"
    ]


def test_a_run_whose_plain_build_blocks_nobody_proves_nothing() -> None:
    """A table that is too small would let any migrator pass."""
    assert report(build(MIGRATOR, 10, 0.1), plain=0.4).broken_promises() == [
        "the plain build blocked writes for 0.40 s only, so this run cannot show that the migrator "
        "blocks none for 1 s: give more --rows"
    ]


def test_the_report_is_a_table_and_json() -> None:
    """A way a row, with its units; every build in the JSON."""
    measured = report(build(MIGRATOR, 10.4, 0.9))
    assert measured.table()[-1] == (
        *("migrator", "1", "10.40 s", "2", "2.0 ms", "900.0 ms", "900.0 ms", "0", "0", "2 MiB"),
    )
    written = json.loads(json.dumps(measured.as_json()))
    assert [one["way"] for one in written["builds"]] == [NO_BUILD, PLAIN, CONCURRENTLY, MIGRATOR]
    assert written["ways"][MIGRATOR] == {"p50": 0.002, "p99": 0.9, "maximum": 0.9}
    assert written["ratios_to_psql_concurrently"]["process_median"] == 1.04


def test_the_statements_time_is_the_servers_own() -> None:
    """The build of the log, whatever else it holds."""
    line = "2026-01-01 00:00:00.000 UTC [1] LOG:  duration: {} ms  statement: {}\n"
    log = line.format("150.1", "CREATE INDEX probe ON t (a)") + line.format("90000", "COMMIT;")
    assert logged_seconds(log + line.format("7310.25", "CREATE INDEX CONCURRENTLY i ON t (a)")) == 7.31025
    assert logged_seconds(line.format("90000", "COMMIT;")) == 0
