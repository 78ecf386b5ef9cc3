"""Cron expressions: what Auto Scaling would take."""

import pytest

from stacks.cron import problem


@pytest.mark.parametrize(
    "expression",
    [
        "0 7 * * *",
        "00 07 * 01-06/02 *",
        "30 0 1 1,6,12 *",
        "*/15 8-18 * * MON-FRI",
        "0-59/5 * 31 dec 0",
        "5  4 * * sun,sat",
        "0 0 29 2 *",
        "0 0 30,1 2 *",
        "0 0 31 2-3 *",
        "0 0 30 2 MON",
        "0 0 30 2 */2",
    ],
)
def test_five_fields_of_known_values_are_taken(expression: str) -> None:
    """Numbers, names, ranges, lists, steps."""
    assert problem(expression) is None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("@daily", "it has 1 of 5 fields"),
        ("0 0 7 * * *", "it has 6 of 5 fields"),
        ("60 * * * *", "60 is no minute"),
        ("0 18-8 * * *", "18-8 is no hour"),
        ("0 0 0 * *", "0 is no day of month"),
        ("0 0 ? * *", "? is no day of month"),
        ("0 0 L * *", "L is no day of month"),
        ("0 0 * 13 *", "13 is no month"),
        ("0 0 * * 7", "7 is no day of week"),
        ("0 0 * * MON-", "MON- is no day of week"),
        ("*/0 * * * *", "*/0 is no minute"),
        ("5/10 * * * *", "5/10 is no minute"),
        (",5 * * * *", ",5 is no minute"),
        ("0 0 30 2 *", "day of month 30 never comes in month 2"),
        ("0 0 31 feb,4,jun *", "day of month 31 never comes in month feb,4,jun"),
    ],
)
def test_what_is_no_cron_expression_is_refused(expression: str, expected: str) -> None:
    """With the field that is wrong; neither Quartz' signs nor names for whole expressions."""
    assert problem(expression) == expected
