"""A gate: a fact about the stack that AWS records only after a check has proved it.

The check runs in a hook *before* the parameter is written. When it raises, the parameter keeps its old value,
what depends on the gate is not touched, and the next `pulumi up` sees the same difference and checks again.
An `after_*` hook could not do that: by then the engine has saved the new value. Previews run no hook.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.gates import aws_api

EXPIRED = (
    "the deployer's AWS credentials expired during '{check}'. AWS goes on with what has begun, and"
    " what the check guards is as before. Get new credentials (for IAM Identity Center: aws sso login), and"
    " run the same `pulumi up` again: it follows what is under way and finishes the rest. AWS said: {error}"
)


class GateClosed(Exception):
    """A check failed: the message says what was found, and what to do about it. The old value stays."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateArgs:
    """What a gate records, and what has to be true before it may."""

    parameter_name: str
    """Path of the SSM parameter, such as `/evenkeel/prod/schema`."""
    description: str
    value: pulumi.Input[str]
    """At most 4 KiB; not secret, so that a preview shows it as a diff."""
    subject: pulumi.Input[str]
    """Identity of what the value describes, such as the database's resource id. If it changes, the gate is
    checked again."""
    check: Callable[..., None]
    """Called with `context` as keyword arguments, in its own thread; raises `GateClosed` to stay shut."""
    context: Mapping[str, pulumi.Input[Any]]
    """What the check needs to know. The gate waits for every resource that these values come from."""


class CheckHook(pulumi.ResourceHook):
    """Calls a check with the resolved context, in a thread, before the engine touches a resource."""

    known: pulumi.Output[list[pulumi.Resource]]
    """For `depends_on`: the resource waits for every resource that the context's values come from."""

    def __init__(
        self, name: str, check: Callable[..., None], context: Mapping[str, pulumi.Input[Any]]
    ) -> None:
        resolved = pulumi.Output.all(**context)

        async def run(_: pulumi.ResourceHookArgs) -> None:
            try:
                await asyncio.to_thread(check, **(await resolved.future() or {}))
            except Exception as error:
                if aws_api.session_has_ended(error):
                    raise GateClosed(EXPIRED.format(check=name, error=error)) from error
                raise

        super().__init__(name, run)
        self.known = resolved.apply(lambda _: [])


class Gate(pulumi.ComponentResource):
    """A guarded `aws.ssm.Parameter`. Depend on the gate to wait for its check."""

    value: pulumi.Output[str]

    def __init__(self, name: str, args: GateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Gate", name, None, opts)
        hook = CheckHook(f"{name}-check", args.check, args.context)
        parameter = aws.ssm.Parameter(
            name,
            name=args.parameter_name,
            description=args.description,
            type=aws.ssm.ParameterType.STRING,
            insecure_value=args.value,
            # An engine killed between writing the parameter and saving its state would otherwise find its own
            # parameter in the way.
            overwrite=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=hook.known,
                hooks=pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook]),
                replacement_trigger=args.subject,
                # The replacement has the same name: deleted after it, the old one would take it along.
                delete_before_replace=True,
            ),
        )
        self.value = parameter.insecure_value
        self.register_outputs({"value": self.value})
