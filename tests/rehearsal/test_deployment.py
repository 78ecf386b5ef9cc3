"""`pulumi up`, change, fail, fix, refresh, on the real engine against the rehearsal cloud.

Each test leaves the stack as it found it: what it changed is put back and deployed again.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from rehearsal import daemon
from rehearsal.isolation.plan import of_a_server
from testkit.checkout import ROOT, Checkout, succeed
from testkit.deployment import Deployment
from testkit.person import Person

NO_CHANGES = ("preview", "--expect-no-changes", "--stack", "local")
UP = ("up", "--yes", "--skip-preview", "--stack", "local")
APP_PORT = 3000
"""The default of `evenkeel:app.port`."""
BROKEN_MIGRATION = """CREATE TABLE "Broken" (id integer PRIMARY KEY);
INSERT INTO "NoSuchTable" VALUES (1);
-- migrator: after verified
ALTER TABLE "Broken" ADD COLUMN later int;
"""


@pytest.fixture
def parameters(deployment: Deployment, aws_environment: None) -> "Parameters":
    return Parameters(deployment)


class Parameters:
    """The gates' values, as AWS holds them."""

    def __init__(self, deployment: Deployment) -> None:
        self._ssm = boto3.client("ssm")
        gates: dict[str, str] = deployment.outputs["gates"]
        folder = gates["schema"].rpartition("/")[0]
        # It is there only while something waits for a verified release.
        self._names = {**gates, "contracted": f"{folder}/contracted"}

    def __getitem__(self, gate: str) -> str:
        value: str = self._ssm.get_parameter(Name=self._names[gate])["Parameter"]["Value"]
        return value


@contextmanager
def healed(checkout: Checkout) -> Iterator[None]:
    """Deploys what the files say after the block has put them back."""
    try:
        yield
    finally:
        succeed(checkout.pulumi(*UP))


def servers(deployment: Deployment) -> set[str]:
    """Ids of the group's servers in service."""
    group = boto3.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[deployment.outputs["auto_scaling_group"]]
    )["AutoScalingGroups"][0]
    return {one["InstanceId"] for one in group["Instances"] if one["LifecycleState"] == "InService"}


def test_after_up_a_preview_shows_no_change(checkout: Checkout) -> None:
    """What was deployed is what the program says."""
    succeed(checkout.pulumi(*NO_CHANGES))


@pytest.mark.usefixtures("deployment")
def test_all_that_the_cloud_runs_is_isolated(checkout: Checkout) -> None:
    """No server, database, store or balancer has a right over the machine, to read its files for one."""
    cloud = daemon.find(checkout.folder / ".rehearsal")
    assert cloud
    programs = set()
    for process in map(Path, descendants(cloud.pid)):
        try:
            line = (process / "cmdline").read_bytes().decode(errors="replace")
            status = dict(each.split(":\t", 1) for each in (process / "status").read_text().splitlines())
        except OSError:
            continue  # it ended meanwhile
        # A process that waits for an isolated one, or is just about to become one.
        if "rehearsal.isolation" not in line and "rehearsal.cloud" not in line:
            programs.add(status["Name"])
            assert (
                int(status["CapEff"], 16) & ~sum(1 << number for number in of_a_server(own_users=True)) == 0
            ), line
            assert status["NoNewPrivs"] == "1", line
    assert programs >= {"postgres", "redis-server", "haproxy", "node"}


def descendants(pid: int) -> Iterator[str]:
    """Folders in /proc of the processes that it started, and that they did."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it ended meanwhile
            for child in (thread / "children").read_text().split():
                yield f"/proc/{child}"
                yield from descendants(int(child))


def test_after_up_a_refresh_finds_no_drift(checkout: Checkout) -> None:
    """What was deployed is what the cloud has."""
    succeed(checkout.pulumi("refresh", "--yes", "--expect-no-changes", "--stack", "local"))


@pytest.mark.usefixtures("aws_environment")
def test_a_resource_changed_behind_its_back_shows_as_drift(
    checkout: Checkout, deployment: Deployment
) -> None:
    """The twin: a refresh that finds drift says so, and the next `up` fixes it."""
    ssm = boto3.client("ssm")
    name = deployment.outputs["gates"]["release"]
    ssm.put_parameter(Name=name, Value="changed by hand", Overwrite=True)
    with healed(checkout):
        drift = checkout.pulumi("refresh", "--preview-only", "--expect-no-changes", "--stack", "local")
        assert drift.returncode != 0
        assert "release" in drift.stdout
        succeed(checkout.pulumi("refresh", "--yes", "--stack", "local"))
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] != "changed by hand"


def test_a_preview_tells_what_a_new_migration_does(checkout: Checkout) -> None:
    """Without a flag: the statement that runs online, the one that is refused, and the safe way."""
    migration = "app/prisma/migrations/20261125_change/migration.sql"
    sql = 'CREATE INDEX "Member_new" ON "Member"("id");\nALTER TABLE "Member" DROP COLUMN "email";'
    with checkout.changed(migration, sql):
        shown = succeed(checkout.pulumi("preview", "--stack", "local")).stdout
    assert "1 new migration, 2 statements: 1 online, 1 refused" in shown
    assert '1  online       CREATE INDEX "Member_new" ON "Member"("id")' in shown
    assert "migration 20261125_change, statement 2 (line 2) is refused (drop-column)" in shown
    assert "Release an app that no longer uses it, then drop it with the next release;" in shown


def test_a_broken_migration_leaves_the_servers_and_the_schema_gate_alone(
    checkout: Checkout, deployment: Deployment, parameters: Parameters
) -> None:
    """The deployment names the statement and its error, what the gate guards stays; fixed, it finishes.

    What waits for a verified release is applied last, behind a gate of its own.
    """
    before, schema = servers(deployment), parameters["schema"]
    migration = "app/prisma/migrations/20261124_broken/migration.sql"
    with healed(checkout), checkout.changed(migration, BROKEN_MIGRATION):
        failed = checkout.pulumi(*UP)
        assert failed.returncode != 0
        assert "20261124_broken" in failed.stdout
        assert "NoSuchTable" in failed.stdout
        assert servers(deployment) == before
        assert parameters["schema"] == schema
        fixed = BROKEN_MIGRATION.replace("NoSuchTable", "Broken")
        with checkout.changed(migration, fixed):
            shown = succeed(checkout.pulumi(*UP)).stdout
            assert parameters["schema"] != schema
            assert servers(deployment) == before
            assert "1 waiting for a verified release" in shown
            assert "20261124_broken resumes after statement 2" in shown.partition("what waited for that")[2]
            assert parameters["contracted"].startswith("1 after a verified release")


def test_a_changed_app_rolls_every_server_and_keeps_the_session(
    checkout: Checkout, deployment: Deployment, parameters: Parameters
) -> None:
    """A new release replaces all servers, the gate records it, and who was logged in still is."""
    before, release = servers(deployment), parameters["release"]
    person = Person.logged_in(deployment.outputs["url"])
    with healed(checkout), checkout.changed("app/package.json", bumped(checkout)):
        succeed(checkout.pulumi(*UP))
        after = servers(deployment)
        assert len(after) == len(before)
        assert after.isdisjoint(before)
        assert parameters["release"] != release
        assert person.who_am_i() == person.email


@pytest.mark.usefixtures("aws_environment")
def test_boto3_sees_what_runs(deployment: Deployment) -> None:
    """The servers of the API are those that run: each answers at its address, by its own name."""
    ids = servers(deployment)
    reservations = boto3.client("ec2").describe_instances(InstanceIds=sorted(ids))["Reservations"]
    addresses = {
        one["InstanceId"]: one["PrivateIpAddress"] for group in reservations for one in group["Instances"]
    }
    for instance, address in addresses.items():
        answer = requests.get(f"http://{address}:{APP_PORT}/healthz", timeout=5).json()
        assert answer["server"] == instance
    targets = boto3.client("elbv2").describe_target_health(TargetGroupArn=deployment.outputs["target_group"])
    healthy = {
        one["Target"]["Id"]
        for one in targets["TargetHealthDescriptions"]
        if one["TargetHealth"]["State"] == "healthy"
    }
    assert healthy == addresses.keys() == ids


def bumped(checkout: Checkout) -> str:
    """The app's package.json with the next version."""
    package: dict[str, Any] = json.loads((checkout.folder / "app/package.json").read_text())
    return json.dumps(package | {"version": package["version"] + "-next.1"}, indent=2) + "\n"


def test_the_report_of_what_queries_cost_knows_the_apps(
    checkout: Checkout, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the app's own user, who may see no one else's."""
    Person.logged_in(deployment.outputs["url"])
    monkeypatch.setenv("NODE_PATH", str(ROOT / "app/node_modules"))
    reported = json.loads(succeed(checkout.rehearsal("queries", "--", "--json", "--top", "1000")).stdout)
    asked = [row["query"] for row in reported]
    assert [query for query in asked if query.startswith('INSERT INTO "public"."User"')]
    assert [query for query in asked if "_prisma_migrations" in query] == []
