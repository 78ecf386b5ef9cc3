"""A small stack beside stack `local`, and what one does with it by hand."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from migrator.postgres import Session
from migrator.settings import Server
from testkit.checkout import Checkout, succeed
from testkit.person import Person

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
