"""How a CloudWatch alarm comes to its state. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html and, for missing data,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
TreatMissingData = Literal["missing", "ignore", "breaching", "notBreaching"]
COMPARISONS = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
"""Each operator, and how a reason spells it."""
_FARTHER_BACK = 2  # periods besides those to evaluate: AWS's tables show five for three


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmRule:
    """What of an alarm decides on its state."""

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: TreatMissingData = "missing"

    @property
    def evaluation_range(self) -> int:
        """How many periods are looked at, so that a late datapoint does not count as missing."""
        return self.evaluation_periods + _FARTHER_BACK

    def breached_by(self, value: float) -> bool:
        """Whether a datapoint crosses the threshold."""
        return bool(COMPARISONS[self.comparison][0](value, self.threshold))


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmVerdict:
    """The state, and why."""

    state: State
    reason: str


def evaluate(rule: AlarmRule, datapoints: Sequence[float | None], before: State) -> AlarmVerdict:
    """The state after the datapoints of the evaluation range: the oldest first, None for a missing one."""
    real = [value for value in datapoints if value is not None]
    evaluated = real[-rule.evaluation_periods :]
    filled = rule.evaluation_periods - len(evaluated)
    breaching = sum(rule.breached_by(value) for value in evaluated)
    alarm = breaching >= rule.datapoints_to_alarm
    state: State = "ALARM" if alarm else "OK"
    if filled and not alarm:
        # Short of datapoints, and those that are there do not suffice for an alarm.
        only_breaching = breaching == len(evaluated)
        match rule.treat_missing_data:
            case "breaching" if breaching + filled >= rule.datapoints_to_alarm:
                state = "ALARM"
            case "ignore" if only_breaching:
                state = before
            case "missing" if not real:
                state = "INSUFFICIENT_DATA"
            case "missing" if only_breaching and _oldest(datapoints) >= rule.datapoints_to_alarm:
                state = "ALARM"
    return AlarmVerdict(state=state, reason=_reason(rule, evaluated, filled, breaching))


def _oldest(datapoints: Sequence[float | None]) -> int:
    """How many periods ago the oldest datapoint was; 1 for the last period."""
    first = next(at for at, value in enumerate(datapoints) if value is not None)
    return len(datapoints) - first


def _reason(rule: AlarmRule, evaluated: Sequence[float], filled: int, breaching: int) -> str:
    """CloudWatch's own sentence."""
    spelt = COMPARISONS[rule.comparison][1]
    values = ", ".join(str(value) for value in reversed(evaluated))
    if not evaluated and rule.treat_missing_data == "missing":
        return f"Insufficient Data: {_were(filled)} unknown."
    if not evaluated:
        treated = rule.treat_missing_data.replace("notB", "nonB")
        periods = f"{filled} period{'s' * (filled > 1)}"
        return (
            f"Threshold Crossed: no datapoints were received for {periods}"
            f" and {_were(filled, 'missing ')} treated as [{treated[0].upper()}{treated[1:]}]."
        )
    if not breaching:
        which = _were(len(evaluated), values=f" [{values}]")
        return f"Threshold Crossed: {which} not {spelt} the threshold ({rule.threshold})."
    least = f"{rule.datapoints_to_alarm} datapoint{'s' * (rule.datapoints_to_alarm > 1)}"
    return (
        f"Threshold Crossed: {breaching} out of the last {len(evaluated) + filled} datapoints [{values}]"
        f" {'was' if breaching == 1 else 'were'} {spelt} the threshold ({rule.threshold})"
        f" (minimum {least} for OK -> ALARM transition)."
    )


def _were(number: int, what: str = "", values: str = "") -> str:
    return f"{number} {what}datapoint{'s' * (number > 1)}{values} {'was' if number == 1 else 'were'}"
