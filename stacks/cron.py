"""Cron expressions as EC2 Auto Scaling takes them for a scheduled action. Pure.

Five fields: https://docs.aws.amazon.com/autoscaling/ec2/userguide/scheduled-scaling-cron-expressions.html
"""

import re

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
FIELDS: dict[str, tuple[int, int, list[str]]] = {
    "minute": (0, 59, []),
    "hour": (0, 23, []),
    "day of month": (1, 31, []),
    "month": (1, 12, MONTHS),
    "day of week": (0, 6, DAYS),
}
"""Lowest and highest value of each, and names for them."""
LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
"""Days of each month, at most."""
ITEM = re.compile(r"(\*|(?P<first>\w+)(-(?P<last>\w+))?)(/(?P<step>0*[1-9]\d*))?", re.ASCII)


def problem(expression: str) -> str | None:
    """What is wrong with it; None when nothing is."""
    given = expression.split()
    if len(given) != len(FIELDS):
        return f"it has {len(given)} of {len(FIELDS)} fields"
    texts = dict(zip(FIELDS, given, strict=True))
    for field, text in texts.items():
        if not all(values(item, field) for item in text.split(",")):
            return f"{text} is no {field}"
    days, months = (every(texts[field], field) for field in ("day of month", "month"))
    # Where a day of week is set too, either of the two days will do.
    if texts["day of week"] == "*" and min(days) > max(LONGEST[month - 1] for month in months):
        return f"day of month {texts['day of month']} never comes in month {texts['month']}"
    return None


def every(text: str, field: str) -> list[int]:
    """All values of a field."""
    return [value for item in text.split(",") for value in values(item, field)]


def values(item: str, field: str) -> range:
    """Those of `*`, `5`, `1-5` or one of them with a step such as `*/10`; empty when it is none of these.

    A step beyond the field's end, such as */90 of minutes, is a mistake, and croner takes none.
    """
    lowest, highest, _ = FIELDS[field]
    match = ITEM.fullmatch(item.upper())
    if match is None:
        return range(0)
    step = int(match["step"] or 1)
    if step > highest - lowest + 1:
        return range(0)
    if match["first"] is None:
        return range(lowest, highest + 1, step)
    if match["last"] is None and match["step"] is not None:
        return range(0)
    first, last = number(match["first"], field), number(match["last"] or match["first"], field)
    if first is None or last is None or not lowest <= first <= last <= highest:
        return range(0)
    return range(first, last + 1, step)


def number(text: str, field: str) -> int | None:
    """Of a name, or as it is written, often with a zero before it: 07."""
    lowest, _, names = FIELDS[field]
    if text in names:
        return lowest + names.index(text)
    return int(text) if text.isdecimal() else None
