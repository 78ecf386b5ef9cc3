"""With which code and in which words a service refuses a call.

Sources: the "Common errors" and "Errors" sections of each service's API reference, the exceptions of
botocore's models, and https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.violation import Violation, ViolationKind


@dataclass(frozen=True, kw_only=True, slots=True)
class _Codes:
    missing: str
    value: str
    combination: str
    type: str
    policy: str = ""

    def of(self, kind: ViolationKind) -> str:
        match kind:
            case ViolationKind.MISSING:
                return self.missing
            case ViolationKind.TYPE:
                return self.type
            case ViolationKind.COMBINATION:
                return self.combination
            case ViolationKind.POLICY:
                return self.policy or self.value
        return self.value


def _one(code: str, *, type: str | None = None, policy: str = "") -> _Codes:
    return _Codes(missing=code, value=code, combination=code, type=type or code, policy=policy)


_CLASSIC = _Codes(
    missing="MissingParameter",
    value="InvalidParameterValue",
    combination="InvalidParameterCombination",
    type="InvalidParameterValue",
)
_JSON = "SerializationException"
CODES: Mapping[str, _Codes] = {
    **dict.fromkeys(("ec2", "rds", "elasticache"), _CLASSIC),
    **dict.fromkeys(("autoscaling", "elbv2", "sts"), _one("ValidationError")),
    "iam": _one("ValidationError", policy="MalformedPolicyDocument"),
    "cloudwatch": _Codes(
        missing="ValidationError",
        value="ValidationError",
        combination="InvalidParameterCombination",
        type=_JSON,
    ),
    "sns": _one("InvalidParameter"),
    "service-quotas": _one("IllegalArgumentException", type=_JSON),
    "route53": _one("InvalidInput"),
    "s3": _one("InvalidArgument", policy="MalformedPolicy"),
    "logs": _one("InvalidParameterException", type=_JSON),
    "ecs": _one("InvalidParameterException", type=_JSON),
    "kms": _one("ValidationException", type=_JSON, policy="MalformedPolicyDocumentException"),
    **dict.fromkeys(("acm", "secretsmanager", "ssm"), _one("ValidationException", type=_JSON)),
}
_CODES_OF_MEMBERS: Mapping[tuple[str, str], str] = {
    ("ec2", "MaxAggregationInterval"): "InvalidParameter",
    ("elasticache", "EngineVersion"): "InvalidParameterCombination",
    ("rds", "EngineVersion"): "InvalidParameterCombination",
}
"""Where a wrong value of a member has a code of its own."""
_LONGEST = 400
"""Characters of a constraint that a message shows: some are lists of hundreds of instance types."""


def unreadable(service: str) -> str:
    """The code for a request whose values cannot be read."""
    return CODES[service].of(ViolationKind.TYPE)


def code_of(call: JudgedCall, violation: Violation) -> str:
    """AWS's error code."""
    if violation.code:
        return violation.code
    if call.operation == "RegisterTaskDefinition" and violation.kind is not ViolationKind.TYPE:
        return "ClientException"
    if call.service == "s3" and violation.kind is ViolationKind.VALUE and len(violation.path) > 1:
        return "MalformedXML"  # the body has its own schema
    usual = CODES[call.service].of(violation.kind)
    if violation.kind is not ViolationKind.VALUE or not violation.path:
        return usual
    return _CODES_OF_MEMBERS.get((call.service, str(violation.path[-1])), usual)


def message_of(service: str, violation: Violation) -> str:
    """In the form that the service's own messages have."""
    message = _message_of(service, violation)
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


def _message_of(service: str, violation: Violation) -> str:
    if violation.is_whole_message or not violation.path:
        return violation.constraint
    name = _name(violation)
    if CODES[service] is not _CLASSIC:
        value = (
            ""
            if violation.value is None and violation.kind is not ViolationKind.MISSING
            else _shown(violation)
        )
        at = name[:1].lower() + name[1:]
        return (
            f"1 validation error detected: Value{value} at '{at}' failed to satisfy constraint:"
            f" {violation.constraint}"
        )
    if violation.kind is ViolationKind.MISSING:
        return f"The request must contain the parameter {name}"
    if violation.value is None:
        return f"Invalid value for parameter {name}: {violation.constraint}"
    return f"Value ({violation.value}) for parameter {name} is invalid. {violation.constraint}"


def _shown(violation: Violation) -> str:
    return " null" if violation.kind is ViolationKind.MISSING else f" '{violation.value}'"


def _name(violation: Violation) -> str:
    return ".".join(str(part + 1 if isinstance(part, int) else part) for part in violation.path)
