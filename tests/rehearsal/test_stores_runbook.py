"""docs/runbooks/stores.md: a protected stack stays, and what goes on purpose leaves its data behind.

The stacks are small ones of their own, beside stack `local` in the same rehearsal.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest
import yaml
from requests import HTTPError

from components.encryption import PROTECTING
from migrator.postgres import Session
from migrator.settings import Server
from testkit.access import authority
from testkit.checkout import ROOT, Checkout, succeed
from testkit.deployment import Deployment
from testkit.person import Person
from testkit.waiting import eventually

RUNBOOK = (ROOT / "docs/runbooks/stores.md").read_text()
PROVIDER = "awskms://alias/evenkeel-rehearsal"
SMALL: dict[str, dict[str, Any]] = {
    "network": {"zones": 2},
    "load_balancer": {"deletion_protection": True},
    "app_servers": {"min_size": 1, "max_size": 1},
    "redis": {"replicas": 0, "separate_cache": False, "deletion_protection": True, "final_snapshot": True},
    "database": {"multi_az": False, "deletion_protection": True, "final_snapshot": True},
    "buckets": {"force_destroy": False},
    "smoke": {"session": None},
}
"""What differs from stack `local`."""
T = TypeVar("T")
PROTECTED = [
    ("evenkeel-kept-database", "database.deletion_protection"),
    ("evenkeel-kept-sessions", "redis.deletion_protection"),
    ("evenkeel-kept-logs", "buckets.force_destroy"),
    ("evenkeel-kept-artifacts", "buckets.force_destroy"),
    ("evenkeel-kept", PROTECTING),
    ("evenkeel-kept", "load_balancer.deletion_protection"),
]
UNPROTECTED = {
    "load_balancer.deletion_protection": "false",
    "redis.deletion_protection": "false",
    "database.deletion_protection": "false",
    "buckets.force_destroy": "true",
}
ALLOWED = 'allow_replacement["redis.port"]'


@dataclass(frozen=True, kw_only=True, slots=True)
class SmallStack:
    """A small stack, and what one does with it by hand."""

    name: str
    checkout: Checkout

    def make(self, **database: Any) -> None:
        """Writes its file, and makes it known to the engine."""
        file = yaml.safe_load((self.checkout.folder / "stacks/Pulumi.local.yaml").read_text())
        for section, changes in {**SMALL, "database": {**SMALL["database"], **database}}.items():
            file["config"].setdefault(f"evenkeel:{section}", {}).update(changes)
        (self.checkout.folder / f"stacks/Pulumi.{self.name}.yaml").write_text(yaml.safe_dump(file))
        succeed(self.pulumi("stack", "init", self.name, "--no-select", "--secrets-provider", PROVIDER))

    def pulumi(self, *arguments: str) -> Any:
        return self.checkout.pulumi(*arguments)

    def up(self) -> None:
        succeed(self.pulumi("up", "--yes", "--skip-preview", "--stack", self.name))

    def set(self, settings: dict[str, str]) -> None:
        for setting, value in settings.items():
            succeed(
                self.pulumi("config", "set", "--stack", self.name, "--path", f"evenkeel:{setting}", value)
            )

    def allowed_today(self, run: Callable[[], T]) -> T:
        """What comes of it when the port may be changed on this day, which is still the same afterwards."""
        while True:
            day = today()
            self.set({ALLOWED: str(day)})
            result = run()
            if day == today():
                return result

    def refused(self) -> str:
        """What a preview says that refuses, and changes nothing."""
        before = listed(self)
        preview = self.pulumi("preview", "--stack", self.name)
        assert preview.returncode != 0, preview.stdout
        assert listed(self) == before
        return " ".join((preview.stdout + preview.stderr).split())

    def end(self) -> None:
        """Takes it down, whatever state it is in, and forgets it."""
        self.set(UNPROTECTED)
        self.up()
        succeed(self.pulumi("destroy", "--yes", "--skip-preview", "--stack", self.name))
        succeed(self.pulumi("stack", "rm", "--yes", self.name))


@dataclass(frozen=True, kw_only=True, slots=True)
class DeployedStack:
    """The first stack, and who is in it."""

    stack: SmallStack
    person: Person
    resources: str
    key: str
    snapshot: str
    """The name of the database's final one."""
    rows: dict[str, str] = field(default_factory=dict)
    """What its tables held in the end."""


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


def today() -> date:
    """The day (UTC) that a permission has to name."""
    return datetime.now(UTC).date()


def listed(stack: SmallStack) -> str:
    """All that the engine knows to be deployed."""
    shown = succeed(stack.pulumi("stack", "--show-ids", "--stack", stack.name)).stdout
    return str(shown.partition("Current stack resources")[2])


def rows(client: Any, ca_file: Path, stack: str) -> dict[str, str]:
    """A digest of each table's rows, but for the migrations' own bookkeeping."""
    manager = client("secretsmanager")
    (arn,) = [
        one["ARN"]
        for one in manager.list_secrets()["SecretList"]
        if one["Name"].startswith(f"evenkeel-{stack}-database-admin")
    ]
    admin = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])
    server = Server(
        host=admin["host"],
        port=admin["port"],
        database=admin["dbname"],
        user=admin["username"],
        password=admin["password"],
        ca=str(ca_file),
    )
    with Session(server) as session:
        tables = session.run(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND left(table_name, 1) <> '_'"
        )
        digest = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM"
        return {table: str(session.run(f'{digest} "{table}" t')[0][0]) for (table,) in tables}


def is_settled(autoscaling: Any, group: str) -> bool:
    """Whether the servers of before are gone: until then a balancer's node may ask one of them."""
    found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
    return all(server["LifecycleState"] == "InService" for server in found[0]["Instances"])


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
