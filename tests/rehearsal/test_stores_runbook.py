"""docs/runbooks/stores.md: a protected stack stays, and what goes on purpose leaves its data behind.

The stacks are small ones of their own, beside stack `local` in the same rehearsal.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from requests import HTTPError

from components.encryption import PROTECTING
from testkit.access import authority
from testkit.checkout import ROOT, Checkout, succeed
from testkit.deployment import Deployment
from testkit.person import Person
from testkit.waiting import eventually
from tests.rehearsal.small_stack import (
    ALLOWED,
    UNPROTECTED,
    DeployedStack,
    SmallStack,
    is_settled,
    listed,
    rows,
    today,
)

pytestmark = pytest.mark.long
RUNBOOK = (ROOT / "docs/runbooks/stores.md").read_text()
PROTECTED = [
    ("evenkeel-kept-database", "database.deletion_protection"),
    ("evenkeel-kept-sessions", "redis.deletion_protection"),
    ("evenkeel-kept-logs", "buckets.force_destroy"),
    ("evenkeel-kept-artifacts", "buckets.force_destroy"),
    ("evenkeel-kept", PROTECTING),
    ("evenkeel-kept", "load_balancer.deletion_protection"),
]


@pytest.fixture(scope="module")
def client(deployment: Deployment) -> Any:
    """Makes boto3's clients of the rehearsal."""
    environment = deployment.environment
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    return lambda service: session.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"])


@pytest.fixture(scope="module")
def ca_file(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return authority(deployment, tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def protected(checkout: Checkout, client: Any) -> DeployedStack:
    """A stack with somebody in it, all of whose protections are on."""
    stack = SmallStack(name="kept", checkout=checkout)
    stack.make()
    stack.up()
    outputs = checkout.outputs("kept")
    person = Person.logged_in(outputs["url"])
    (instance,) = client("rds").describe_db_instances(DBInstanceIdentifier=outputs["database"])["DBInstances"]
    state = json.loads(succeed(stack.pulumi("stack", "export", "--stack", "kept")).stdout)
    (snapshot,) = [
        one["inputs"]["finalSnapshotIdentifier"]
        for one in state["deployment"]["resources"]
        if one["type"] == "aws:rds/instance:Instance"
    ]
    return DeployedStack(
        stack=stack,
        person=person,
        resources=listed(stack),
        key=instance["KmsKeyId"],
        snapshot=snapshot,
    )


@pytest.fixture(scope="module")
def unprotected(protected: DeployedStack) -> DeployedStack:
    """The same stack, whose Redis store may be deleted."""
    protected.stack.set({"redis.deletion_protection": "false"})
    protected.stack.up()
    return protected


@pytest.fixture(scope="module")
def replaced(unprotected: DeployedStack) -> DeployedStack:
    """The same stack after an allowed replacement, made as the runbook says."""
    unprotected.stack.set({"redis.port": "6380"})
    succeed(
        unprotected.stack.allowed_today(lambda: unprotected.stack.pulumi("up", "--yes", "--stack", "kept"))
    )
    return unprotected


@pytest.fixture(scope="module")
def taken_down(replaced: DeployedStack, client: Any, ca_file: Path) -> DeployedStack:
    """The same stack after the runbook."""
    before = replace(replaced, rows=rows(client, ca_file, "kept"))
    before.stack.end()
    return before


@pytest.fixture(scope="module")
def restored(taken_down: DeployedStack, checkout: Checkout) -> Iterator[SmallStack]:
    """A new stack whose database begins with the snapshot."""
    stack = SmallStack(name="again", checkout=checkout)
    stack.make(restore_from_snapshot=taken_down.snapshot)
    stack.up()
    yield stack
    stack.end()


@pytest.mark.parametrize("more", [(), ("--skip-preview",), ("--run-program",)])
def test_a_protected_stack_is_not_destroyed(protected: DeployedStack, more: tuple[str, ...]) -> None:
    """The engine says what is protected and by which setting, and touches nothing."""
    refused = protected.stack.pulumi("destroy", "--yes", "--stack", "kept", *more)
    assert refused.returncode != 0
    said = [
        f"{name} is protected: evenkeel:{setting} says so, docs/runbooks/stores.md how to" in refused.stdout
        for name, setting in PROTECTED
    ]
    # With its program the engine ends at the first that it comes to.
    assert any(said) if "--run-program" in more else all(said), refused.stdout
    assert listed(protected.stack) == protected.resources


def test_a_changed_port_is_refused_unless_its_day_is_today(protected: DeployedStack) -> None:
    """Without a permission, with one of yesterday, and while the store is protected: nothing is changed."""
    stack = protected.stack
    stack.set({"redis.port": "6380"})
    lost = "evenkeel:redis.port is 6380: it was 6379, and AWS can't change that"
    try:
        assert lost in stack.refused()
        stack.set({ALLOWED: str(today() - timedelta(days=1))})
        assert lost in (refused := stack.refused())
        assert "which is allowed today" not in refused
        refused = stack.allowed_today(stack.refused)
        assert "which is allowed today, but it is protected by redis.deletion_protection" in refused
    finally:
        for setting in ("redis.port", ALLOWED):
            path = f"evenkeel:{setting}"
            succeed(stack.pulumi("config", "rm", "--stack", stack.name, "--path", path))


def test_an_allowed_replacement_leaves_a_snapshot_and_an_app_that_serves(
    replaced: DeployedStack, client: Any
) -> None:
    """The engine made a new store at the new port; people log in again. The used permission does no more."""
    elasticache = client("elasticache")
    (group,) = [
        one
        for one in elasticache.describe_replication_groups()["ReplicationGroups"]
        if one["ReplicationGroupId"] == "evenkeel-kept-sessions"
    ]
    assert group["NodeGroups"][0]["PrimaryEndpoint"]["Port"] == 6380
    (snapshot,) = elasticache.describe_snapshots(ReplicationGroupId="evenkeel-kept-sessions")["Snapshots"]
    assert snapshot["SnapshotStatus"] == "available"
    eventually(lambda: is_settled(client("autoscaling"), "evenkeel-kept-app"))
    with pytest.raises(HTTPError, match="401"):
        replaced.person.who_am_i()
    assert replaced.person.log_in().who_am_i() == replaced.person.email
    replaced.stack.set({ALLOWED: str(today() - timedelta(days=1))})
    succeed(replaced.stack.pulumi("preview", "--expect-no-changes", "--stack", "kept"))


def test_what_is_taken_down_leaves_its_snapshots_and_its_key(taken_down: DeployedStack, client: Any) -> None:
    """And nothing else that the runbook does not name."""
    (snapshot,) = client("rds").describe_db_snapshots(DBSnapshotIdentifier=taken_down.snapshot)["DBSnapshots"]
    assert (snapshot["Status"], snapshot["KmsKeyId"]) == ("available", taken_down.key)
    kept = [one["SnapshotName"] for one in client("elasticache").describe_snapshots()["Snapshots"]]
    assert len(set(kept)) == 2  # of the store that was replaced, and of the one that replaced it
    assert {name.rpartition("-")[0] for name in kept} == {"evenkeel-kept-sessions-final"}
    assert client("kms").describe_key(KeyId=taken_down.key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert [name for name in client("s3").list_buckets()["Buckets"] if "kept" in name["Name"]] == []
    assert client("rds").describe_db_instances()["DBInstances"][1:] == []


def test_a_new_stack_has_every_row_of_the_snapshot(
    restored: SmallStack, taken_down: DeployedStack, client: Any, ca_file: Path
) -> None:
    """The admin and the app have new passwords, the app serves, and no migration runs twice."""
    assert rows(client, ca_file, restored.name) == taken_down.rows
    assert sum(int(digest.split()[0]) for digest in taken_down.rows.values()) > 0
    Person.logged_in(restored.checkout.outputs(restored.name)["url"])


def test_a_restored_stack_is_as_the_program_says(restored: SmallStack) -> None:
    """Nothing is to be changed, also when the setting is gone; another snapshot would not be restored."""
    unchanged = ("preview", "--expect-no-changes", "--stack", restored.name)
    succeed(restored.pulumi(*unchanged))
    restored.set({"database.restore_from_snapshot": "another"})
    assert "the database evenkeel-again-database exists and was made from evenkeel-kept" in restored.refused()
    path = "evenkeel:database.restore_from_snapshot"
    succeed(restored.pulumi("config", "rm", "--stack", restored.name, "--path", path))
    succeed(restored.pulumi(*unchanged))


def test_the_runbook_shows_the_commands_that_were_run() -> None:
    """With production's name."""
    for setting, value in {**UNPROTECTED, "redis.port": "6380"}.items():
        assert f"pulumi config set --stack prod --path evenkeel:{setting} {value}\n" in RUNBOOK
    assert f"pulumi config set --stack prod --path 'evenkeel:{ALLOWED}' " in RUNBOOK
    for command in ("pulumi up --stack prod\n", "pulumi destroy --stack prod\n", "pulumi stack rm prod\n"):
        assert command in RUNBOOK
