"""Statistics of CloudWatch metrics, by period."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.cloudwatch.metrics import Sample, datapoints, statistic


def sample(value: float, *, time: float = 0.0, count: float = 1.0) -> Sample:
    """`value`, so many times."""
    return Sample(time=time, minimum=value, maximum=value, total=value * count, count=count)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sum", 10.0),
        ("Average", 2.5),
        ("Minimum", 1.0),
        ("Maximum", 4.0),
        ("SampleCount", 4.0),
        ("p50", 2.0),
        ("p95", 4.0),
    ],
)
def test_each_statistic_is_of_all_samples(name: str, value: float) -> None:
    """Of 1, 2, 3 and 4."""
    assert statistic([sample(one) for one in (4.0, 2.0, 1.0, 3.0)], name) == value


def test_a_percentile_counts_a_set_as_often_as_it_says() -> None:
    """One slow server of two that got a tenth of the requests shows in p95, not in p50."""
    samples = [sample(0.01, count=90), sample(1.0, count=10)]
    assert (statistic(samples, "p50"), statistic(samples, "p90"), statistic(samples, "p95")) == (
        0.01,
        0.01,
        1,
    )


@given(
    st.lists(st.tuples(st.integers(0, 599), st.integers(-9, 9)), max_size=30),
    st.sampled_from([10, 60]),
    st.integers(1, 12),
    st.integers(0, 600),
)
def test_every_sample_is_in_the_period_of_its_time(
    put: list[tuple[int, int]], period: int, periods: int, until: int
) -> None:
    """The last whole periods, each sample once; what has not ended yet is left out."""
    samples = [sample(value, time=time) for time, value in put]
    found = datapoints(samples, "Sum", period=period, periods=periods, until=until)
    end = until // period * period
    expected = [
        [value for time, value in put if start <= time < start + period]
        for start in range(end - periods * period, end, period)
    ]
    assert found == [sum(values) if values else None for values in expected]
