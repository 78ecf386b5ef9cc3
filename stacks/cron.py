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
ITEM = re.compile(r"(\*|(?P<first>\w+)(-(?P<last>\w+))?)(/(?P<step>[1-9]\d*))?")


def problem(expression: str) -> str | None:
    """What is wrong with it; None when nothing is."""
    given = expression.split()
    if len(given) != len(FIELDS):
        return f"it has {len(given)} of {len(FIELDS)} fields"
    for (field, (lowest, highest, names)), text in zip(FIELDS.items(), given, strict=True):
        known = {str(number): number for number in range(lowest, highest + 1)}
        known |= {name: lowest + index for index, name in enumerate(names)}
        if not all(fits(item, known) for item in text.split(",")):
            return f"{text} is no {field}"
    return None


def fits(item: str, known: dict[str, int]) -> bool:
    """Whether `*`, `5`, `1-5` or one of them with a step such as `*/10` is made of known values."""
    match = ITEM.fullmatch(item.upper())
    if match is None:
        return False
    first, last = match["first"], match["last"]
    if first is None:
        return True
    if last is None:
        return first in known and match["step"] is None
    return first in known and last in known and known[first] <= known[last]
