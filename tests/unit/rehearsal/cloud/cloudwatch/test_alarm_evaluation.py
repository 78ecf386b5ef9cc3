"""An alarm's state is what CloudWatch's documentation says of the same datapoints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.cloudwatch.alarm_evaluation import (
    COMPARISONS,
    AlarmRule,
    State,
    TreatMissingData,
    evaluate,
)

TREATMENTS: tuple[TreatMissingData, ...] = ("missing", "ignore", "breaching", "notBreaching")
NO_DATA, KEPT = "INSUFFICIENT_DATA", "KEPT"
THREE_OF_THREE = [
    ("0 - X - X", "OK", "OK", "OK", "OK"),
    ("- - - - 0", "OK", "OK", "OK", "OK"),
    ("- - - - -", NO_DATA, KEPT, "ALARM", "OK"),
    ("0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - X - -", "ALARM", KEPT, "ALARM", "OK"),
]
TWO_OF_THREE = [
    ("0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 - X - -", "OK", "OK", "ALARM", "OK"),
    ("- - - - 0", "OK", "OK", "ALARM", "OK"),
    ("- - - X -", "ALARM", KEPT, "ALARM", "OK"),
]
"""The tables of "How alarm state is evaluated when data is missing": X breaches, 0 does not, - is missing."""

values = st.lists(st.one_of(st.none(), st.floats(-100, 100)), min_size=1, max_size=9)
states = st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"])


def rule(of: int = 3, *, least: int = 3, treat: TreatMissingData = "missing") -> AlarmRule:
    """Above 10 in `least` of `of` periods."""
    return AlarmRule(
        comparison="GreaterThanThreshold",
        threshold=10.0,
        evaluation_periods=of,
        datapoints_to_alarm=least,
        treat_missing_data=treat,
    )


@pytest.mark.parametrize(
    ("least", "row"), [(3, row) for row in THREE_OF_THREE] + [(2, row) for row in TWO_OF_THREE]
)
@pytest.mark.parametrize("before", ["OK", "ALARM", "INSUFFICIENT_DATA"])
def test_missing_datapoints_count_as_in_the_tables_of_aws(
    least: int, row: tuple[str, ...], before: State
) -> None:
    """Each row, each treatment, from each state."""
    datapoints = [{"0": 0.0, "X": 11.0, "-": None}[one] for one in row[0].split()]
    found = [evaluate(rule(least=least, treat=treat), datapoints, before).state for treat in TREATMENTS]
    assert found == [before if wanted == KEPT else wanted for wanted in row[1:]]


def test_an_alarm_is_ok_again_once_its_errors_are_out_of_range() -> None:
    """A metric that only errors make: the last datapoint counts until it is farther back than AWS looks."""
    errors: list[float | None] = [None, None, 11.0, None, None, None]
    watched = rule(1, least=1, treat="notBreaching")
    seen = [evaluate(watched, errors[at : at + watched.evaluation_range], "OK").state for at in range(4)]
    assert seen == ["ALARM", "ALARM", "ALARM", "OK"]


@given(
    st.lists(st.floats(-100, 100), min_size=3, max_size=5),
    st.integers(1, 3),
    st.sampled_from(TREATMENTS),
    states,
)
def test_with_enough_datapoints_only_the_last_ones_count(
    datapoints: list[float], least: int, treat: TreatMissingData, before: State
) -> None:
    """Neither the treatment of missing data nor the state before plays a part."""
    verdict = evaluate(rule(least=least, treat=treat), datapoints, before)
    breaching = sum(value > 10 for value in datapoints[-3:])
    assert verdict.state == ("ALARM" if breaching >= least else "OK")


@given(values, st.integers(1, 5), st.data(), states)
def test_missing_data_that_counts_as_good_never_alarms_sooner(
    datapoints: list[float | None], of: int, data: st.DataObject, before: State
) -> None:
    """With notBreaching only real datapoints alarm; with breaching whatever alarms so, and more."""
    least = data.draw(st.integers(1, of))
    good, bad = (
        evaluate(rule(of, least=least, treat=treat), datapoints, before).state
        for treat in ("notBreaching", "breaching")
    )
    real = [value for value in datapoints if value is not None]
    assert (good == "ALARM") == (sum(value > 10 for value in real[-of:]) >= least)
    assert good != "ALARM" or bad == "ALARM"


@given(
    values,
    st.floats(-100, 100),
    st.integers(0, 9),
    st.sampled_from([treat for treat in TREATMENTS if treat != "ignore"]),
    states,
)
def test_only_a_lack_of_all_data_is_insufficient(
    others: list[float | None], real: float, at: int, treat: TreatMissingData, before: State
) -> None:
    """One datapoint is enough for another state; where missing data are ignored, the state stays."""
    datapoints = [*others[:at], real, *others[at:]]
    assert evaluate(rule(treat=treat), datapoints, before).state != "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    list(zip(COMPARISONS, ([11.0], [10.0, 11.0], [9.0], [9.0, 10.0]), strict=True)),
)
def test_each_comparison_takes_its_side_of_the_threshold(comparison: str, breaching: list[float]) -> None:
    """With and without the threshold itself."""
    compared = AlarmRule(comparison=comparison, threshold=10.0, evaluation_periods=1, datapoints_to_alarm=1)
    assert [value for value in (9.0, 10.0, 11.0) if compared.breached_by(value)] == breaching


@pytest.mark.parametrize(
    ("datapoints", "treat", "reason"),
    [
        (
            [12.0],
            "missing",
            "Threshold Crossed: 1 out of the last 1 datapoints [12.0] was greater than the threshold (10.0)"
            " (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        ([1.0], "missing", "Threshold Crossed: 1 datapoint [1.0] was not greater than the threshold (10.0)."),
        (
            [],
            "notBreaching",
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated"
            " as [NonBreaching].",
        ),
        ([], "missing", "Insufficient Data: 1 datapoint was unknown."),
    ],
)
def test_the_reason_is_in_the_words_of_cloudwatch(
    datapoints: list[float], treat: TreatMissingData, reason: str
) -> None:
    """What DescribeAlarms and the notification say."""
    assert evaluate(rule(1, least=1, treat=treat), datapoints, "OK").reason == reason
