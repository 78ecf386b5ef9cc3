"""Latencies as pgbench logs them."""

from __future__ import annotations

import pytest

from bench.migrations.latency import Latency, Span, Write, read_log


def writes(*latencies: float) -> list[Write]:
    return [Write(scheduled=0, latency=latency) for latency in latencies]


def test_a_line_of_the_log_is_a_write_that_was_due_before_it_waited() -> None:
    """The log has the end and the whole latency; the time when it was due follows."""
    logged, failed = read_log("0 199 2241000 0 1175850568 995598 2240100\n1 7 1500 0 1175850569 500000 12\n")
    assert failed == 0
    assert [one.latency for one in logged] == [2.241, 0.0015]
    assert [one.scheduled for one in logged] == pytest.approx([1175850566.754598, 1175850569.4985], abs=1e-6)


def test_a_failed_write_is_counted_and_has_no_latency() -> None:
    """Its line says so where the latency would be."""
    logged, failed = read_log("0 1 failed 0 1175850568 0 10\n0 2 900 0 1175850568 1000 10\n")
    assert (len(logged), failed) == (1, 1)


def test_percentiles_are_latencies_that_were_measured() -> None:
    """The nearest rank, in whatever order they came."""
    latency = Latency.of(writes(*reversed([n / 1000 for n in range(1, 201)])))
    assert latency == Latency(p50=0.1, p99=0.198, maximum=0.2)
    assert Latency.of(writes(3.0)) == Latency(p50=3.0, p99=3.0, maximum=3.0)


def test_a_build_touches_the_writes_that_overlap_it() -> None:
    """Also one that was due before it, and one that was done after it; no other."""
    span = Span(start=10, end=20)
    before, into, within, beyond, after = (
        Write(scheduled=at, latency=latency)
        for at, latency in ((8, 1.0), (9, 2.0), (15, 0.1), (19, 30.0), (21, 1.0))
    )
    assert span.seconds == 10
    assert span.touched([before, into, within, beyond, after]) == [into, within, beyond]
