"""What AWS's documentation demands that neither botocore's models nor CloudFormation's schemas hold."""

from collections.abc import Iterator, Mapping

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.documented.autoscaling import AUTO_SCALING
from rehearsal.cloud.judge.documented.ec2 import EC2
from rehearsal.cloud.judge.documented.elbv2 import ELASTIC_LOAD_BALANCING
from rehearsal.cloud.judge.documented.others import OTHERS
from rehearsal.cloud.judge.documented.parameter_groups import PARAMETER_GROUPS
from rehearsal.cloud.judge.documented.rule import ValueRule
from rehearsal.cloud.judge.documented.stores import STORES
from rehearsal.cloud.judge.violation import Violation

RULES = (*EC2, *AUTO_SCALING, *ELASTIC_LOAD_BALANCING, *STORES, *PARAMETER_GROUPS, *OTHERS)


def _by_operation() -> Mapping[tuple[str, str], list[ValueRule]]:
    by_operation: dict[tuple[str, str], list[ValueRule]] = {}
    for rule in RULES:
        service, *operations = rule.operations.split()
        for operation in operations:
            by_operation.setdefault((service, operation), []).append(rule)
    return by_operation


_RULES = _by_operation()


def violations(call: JudgedCall) -> Iterator[Violation]:
    """Everything in which the call does not keep to a documented rule."""
    for rule in _RULES.get((call.service, call.operation), ()):
        yield from rule.violations(call)
