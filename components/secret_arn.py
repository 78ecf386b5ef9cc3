"""The ARN of a secret in Secrets Manager, or of one value in it."""

import re
from dataclasses import dataclass

SECRET_ARN = r"arn:[\w-]+:secretsmanager:(?P<region>[\w-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}"
"""Of a whole secret."""
_PATTERN = re.compile(rf"(?P<arn>{SECRET_ARN})(:(?P<json_key>[^:\s]+)::)?", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretArn:
    """Written as in ECS' `valueFrom`: `arn:…:secret:shop-AbCdEf`, or `arn:…:secret:shop-AbCdEf:stripe::`."""

    arn: str
    """Without the key."""
    region: str
    json_key: str | None

    @classmethod
    def parse(cls, text: str) -> "SecretArn | None":
        """None when it is no such ARN; the six characters at its end belong to it."""
        found = _PATTERN.fullmatch(text)
        return cls(**found.groupdict()) if found else None
