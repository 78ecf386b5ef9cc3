"""Which setting goes where, as the whole program of each stack has it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import pytest

from stacks.sections import Settings
from stacks.settings import parse
from testkit.program import configuration, groups, made, program
from testkit.registered import Registered

STACKS = ("dev", "local", "prod", "staging")
GROUP = "aws:autoscaling/group:Group"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
DATABASE = "aws:rds/instance:Instance"
STORE = "aws:elasticache/replicationGroup:ReplicationGroup"
TASK = "aws:ecs/taskDefinition:TaskDefinition"


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingRow:
    """A setting, and the property of a resource that holds its value."""

    setting: str
    kind: str
    name: str
    """Without the stack's prefix."""
    path: str
    """Dotted; `$protect` is the option."""
    of: Callable[[Any], Any] = lambda value: value
    """How the property follows from the value."""

    def __str__(self) -> str:
        return f"{self.setting}-{self.path}"


def rows(kind: str, name: str, **paths: str) -> list[SettingRow]:
    """Settings whose value is a property, as `section__setting="path"`."""
    return [
        SettingRow(setting=setting.replace("__", "."), kind=kind, name=name, path=path)
        for setting, path in paths.items()
    ]


def variable(name: str) -> str:
    """The path of a variable of the migrations' task."""
    return f"containerDefinitions.0.environment.{name}"


def value(settings: Settings, setting: str) -> Any:
    """A setting's value, by its dotted name."""
    section, name = setting.split(".")
    return getattr(getattr(settings, section), name)


def wanted(row: SettingRow, settings: Settings, stack: str) -> Any:
    """What the property has to be."""
    follows = row.of(value(settings, row.setting))
    return follows.format(stack=stack) if isinstance(follows, str) else follows


def found(row: SettingRow, registered: Registered, stack: str) -> Any:
    """What the property is; None where it is left out."""
    key = (row.kind, f"evenkeel-{stack}{row.name}")
    if row.path == "$protect":
        return registered.options[key].protect
    at: Any = registered[key]
    for part in row.path.split("."):
        match at:
            case str():
                at = json.loads(at)
        match at:
            case [{"name": _}, *_] if not part.isdigit():
                at = {pair["name"]: pair["value"] for pair in at}
        at = at[int(part)] if part.isdigit() else at.get(part)
    return at


ROWS = [
    *rows(BALANCER, "", load_balancer__idle_timeout="idleTimeout"),
    *rows(BALANCER, "", load_balancer__deletion_protection="enableDeletionProtection"),
    *rows("aws:lb/listener:Listener", "-http", load_balancer__http_port="port"),
    *rows("aws:lb/targetGroup:TargetGroup", "", app__port="port"),
    *rows(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "-logs-lifecycle",
        load_balancer__access_log_retention_days="rules.0.expiration.days",
    ),
    *rows(
        GROUP,
        "-app",
        app_servers__min_size="minSize",
        app_servers__max_size="maxSize",
        app_servers__instance_warmup="defaultInstanceWarmup",
        app_servers__max_healthy_percentage="instanceMaintenancePolicy.maxHealthyPercentage",
        app_servers__on_demand_base="mixedInstancesPolicy.instancesDistribution.onDemandBaseCapacity",
        app_servers__on_demand_percentage=(
            "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity"
        ),
    ),
    *rows(
        "aws:autoscaling/policy:Policy",
        "-scaling-cpu",
        app_servers__target_cpu="targetTrackingConfiguration.targetValue",
    ),
    SettingRow(
        setting="app_servers.target_requests",
        kind="aws:autoscaling/policy:Policy",
        name="-scaling-requests",
        path="targetTrackingConfiguration.targetValue",
        of=lambda per_second: 60 * per_second,
    ),
    *rows(
        DATABASE,
        "-database",
        database__engine_version="engineVersion",
        database__instance_class="instanceClass",
        database__allocated_storage="allocatedStorage",
        database__multi_az="multiAz",
        database__port="port",
        database__name="dbName",
        database__admin_user="username",
        database__backup_retention_days="backupRetentionPeriod",
        database__deletion_protection="deletionProtection",
        database__apply_immediately="applyImmediately",
    ),
    *rows(DATABASE, "-database", database__deletion_protection="$protect"),
    SettingRow(
        setting="database.final_snapshot",
        kind=DATABASE,
        name="-database",
        path="skipFinalSnapshot",
        of=lambda leaves: not leaves,
    ),
    *rows(
        STORE,
        "-sessions",
        redis__node_type="nodeType",
        redis__port="port",
        redis__snapshot_retention_days="snapshotRetentionLimit",
        redis__apply_immediately="applyImmediately",
        redis__deletion_protection="$protect",
    ),
    SettingRow(
        setting="redis.replicas",
        kind=STORE,
        name="-sessions",
        path="numCacheClusters",
        of=lambda replicas: replicas + 1,
    ),
    SettingRow(
        setting="redis.final_snapshot",
        kind=STORE,
        name="-sessions",
        path="finalSnapshotIdentifier",
        of=lambda leaves: "evenkeel-{stack}-sessions-final-0a1b2c3d" if leaves else None,
    ),
    *rows("aws:s3/bucket:Bucket", "-artifacts", buckets__force_destroy="forceDestroy"),
    *rows("aws:secretsmanager/secret:Secret", "-session", secrets__recovery_days="recoveryWindowInDays"),
    *rows(
        "aws:cloudwatch/logGroup:LogGroup",
        "-app",
        monitoring__log_retention_days="retentionInDays",
    ),
    *rows(TASK, "-schema", migrations__image="containerDefinitions.0.image"),
    *[
        SettingRow(setting=f"migrations.{setting}", kind=TASK, name="-schema", path=variable(name), of=str)
        for setting, name in {
            "lock_timeout": "MIGRATOR_LOCK_TIMEOUT",
            "wait_for_transactions": "MIGRATOR_WAIT_FOR_TRANSACTIONS",
        }.items()
    ],
    SettingRow(setting="network.cidr", kind="aws:ec2/vpc:Vpc", name="", path="cidrBlock", of=str),
]
YES_OR_NO = sorted({row.setting for row in ROWS if isinstance(value(parse({}), row.setting), bool)})
"""Two of these that change places are seen only where one of them changes without the other."""


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("stack", STACKS)
def test_a_setting_is_the_property_it_is_about(stack: str, row: SettingRow) -> None:
    """In each stack as its file has it."""
    assert found(row, made(stack), stack) == wanted(row, parse(configuration(stack)), stack)


@pytest.mark.parametrize("changed", groups(YES_OR_NO), ids=" ".join)
def test_yes_or_no_changes_its_own_property_and_no_other(changed: list[str]) -> None:
    """In the rehearsal's stack, where nothing forbids either."""
    stack, sections = "local", configuration("local")
    before = parse(sections)
    for setting in changed:
        section, name = setting.split(".")
        sections[section] = {**sections.get(section, {}), name: not value(before, setting)}
    after = program(sections, stack=stack)
    rows = [row for row in ROWS if row.setting in YES_OR_NO]
    differ = [row for row in rows if found(row, after, stack) != found(row, made(stack), stack)]
    assert differ == [row for row in rows if row.setting in changed]
    assert [found(row, after, stack) for row in rows] == [wanted(row, parse(sections), stack) for row in rows]


def test_any_two_change_without_each_other() -> None:
    """Or two that have changed places could hide it from one another."""
    for one, other in permutations(YES_OR_NO, 2):
        assert any(one in changed and other not in changed for changed in groups(YES_OR_NO))
