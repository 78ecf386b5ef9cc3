"""Gates: what they record, and that their check decides."""

import asyncio

import pulumi
import pytest
from botocore.exceptions import ClientError, UnauthorizedSSOTokenError

from components.gates.gate import Gate, GateArgs, GateClosed
from testkit.registered import Registered, register

PARAMETER = "aws:ssm/parameter:Parameter"
WRITTEN = pulumi.ResourceHookArgs(urn="urn", id="id", name="schema", type=PARAMETER)


def gate(seen: list[object], *, fails: Exception | None = None) -> Registered:
    def check(*, host: str, secret: str) -> None:
        seen.append((host, secret))
        if fails:
            raise fails

    def program() -> None:
        Gate(
            "schema",
            GateArgs(
                parameter_name="/kit/test/schema",
                description="The migrations that the database has",
                value="three migrations",
                subject="db-1",
                check=check,
                context={"host": pulumi.Output.from_input("db"), "secret": pulumi.Output.secret("s")},
            ),
        )

    return register(program)


def test_a_gate_is_one_parameter_that_a_preview_can_show() -> None:
    """A String whose value is no secret, and that a killed engine's successor may write again."""
    made = gate([])
    assert made.types == {PARAMETER: 1}
    assert made[PARAMETER, "schema"] == {
        "name": "/kit/test/schema",
        "description": "The migrations that the database has",
        "type": "String",
        "insecureValue": "three migrations",
        "overwrite": True,
    }


def test_the_check_gets_the_resolved_context() -> None:
    """Outputs and secrets arrive as plain values, and only when the engine calls the hook."""
    seen: list[object] = []
    made = gate(seen)
    assert seen == []
    run(made)
    assert seen == [("db", "s")]


def test_a_check_that_fails_fails_the_hook() -> None:
    """Its own words reach the engine, which then leaves the parameter alone."""
    made = gate([], fails=GateClosed("schema: the third statement failed; fix it"))
    with pytest.raises(GateClosed, match=r"^schema: the third statement failed; fix it$"):
        run(made)


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ExpiredTokenException", "Message": "is expired"}}, "DescribeTasks"),
        ClientError({"Error": {"Code": "RequestExpired", "Message": "is expired"}}, "DescribeVpcs"),
        UnauthorizedSSOTokenError(),
    ],
)
def test_a_check_whose_credentials_expire_says_how_to_go_on(error: Exception) -> None:
    """Instead of a traceback of boto3's."""
    with pytest.raises(GateClosed, match="credentials expired during 'schema-check'") as closed:
        run(gate([], fails=error))
    assert str(error) in str(closed.value)


def test_other_errors_of_aws_stay_what_they_are() -> None:
    """They are no matter of credentials."""
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeTasks")
    with pytest.raises(ClientError, match="AccessDenied"):
        run(gate([], fails=error))


def run(made: Registered) -> None:
    """Calls the hook, as the engine does before it writes the parameter."""

    async def call() -> None:
        called = made.hooks["schema-check"](WRITTEN)
        assert called is not None
        await called

    asyncio.run(call())
