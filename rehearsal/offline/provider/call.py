"""One call of the AWS API, as the table writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiCall:
    """One API call. It takes the type's inputs that botocore's model of the operation knows, and `params`.

    In `params`, `{expression}` stands for a JMESPath expression over the resource's id, outputs and inputs;
    what an expression does not find is left out.
    """

    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    result: str = "@"
    """JMESPath over the response, with `$name` for a property. When reading, nothing means it is gone."""
    inside: str = ""
    """A member of the arguments that takes the inputs which the operation does not take itself."""
    inputs: str | None = None
    """Takes only these, separated by blanks."""
    whole: bool = False
    """As an update: sends every input it takes, instead of those that changed."""


def call(
    operation: str,
    result: str = "@",
    *,
    inside: str = "",
    inputs: str | None = None,
    whole: bool = False,
    **params: Any,
) -> ApiCall:
    """A `ApiCall`, as short as it gets."""
    return ApiCall(
        operation=operation, params=params, result=result, inside=inside, inputs=inputs, whole=whole
    )
