"""What a container definition and RunTask's overrides mean."""

from rehearsal.cloud.ecs.container_definition import SecretReference, command, variables

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app/database-AbCdEf"


def parse(value_from: str) -> SecretReference:
    return SecretReference.parse(value_from, account="111111111111", region="eu-west-1")


def test_a_secrets_manager_arn_names_the_whole_secret() -> None:
    """Account and region are the secret's own."""
    assert parse(ARN) == SecretReference(
        service="secretsmanager", account="123456789012", region="eu-central-1", name=ARN
    )


def test_what_follows_the_arn_picks_a_key_and_a_version() -> None:
    """Empty parts mean the default."""
    assert parse(f"{ARN}:password::").json_key == "password"
    assert parse(f"{ARN}:password::").version_stage is None
    exact = parse(f"{ARN}:password:AWSPREVIOUS:1234")
    assert (exact.name, exact.version_stage, exact.version_id) == (ARN, "AWSPREVIOUS", "1234")


def test_a_parameter_is_named_by_its_arn_or_by_name_alone() -> None:
    """By name it is one of the task's own account and region."""
    prefix = "arn:aws:ssm:eu-central-1:123456789012:parameter"
    assert parse(f"{prefix}/app/token").name == "/app/token"
    assert parse(f"{prefix}/token").name == "token"
    assert parse("/app/token") == SecretReference(
        service="ssm", account="111111111111", region="eu-west-1", name="/app/token"
    )


def test_the_command_follows_the_entry_point_and_can_be_overridden() -> None:
    """The entry point stays."""
    definition = {"entryPoint": ["sh", "-c"], "command": ["one"]}
    assert command(definition, {}) == ["sh", "-c", "one"]
    assert command(definition, {"command": ["two"]}) == ["sh", "-c", "two"]
    assert command({}, {}) == []


def test_an_override_of_a_variable_wins() -> None:
    """The others stay."""
    definition = {"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    override = {"environment": [{"name": "B", "value": "3"}]}
    assert variables(definition, override) == {"A": "1", "B": "3"}
