"""No setting alone loses a database, a Redis store, the key, a bucket or the network they are in.

Settings are changed and the whole program run. What a change would replace is judged by CloudFormation's
schemas, which name the properties that AWS can't change, and by the rehearsal's provider, not by the kit.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import date, timedelta
from functools import cache, reduce
from importlib.resources import files
from itertools import permutations
from typing import Any

import pytest

from rehearsal.offline.provider.table import RESOURCES
from rehearsal.offline.provider.values import words
from stacks import replacements
from stacks.deployed import DeployedResource
from stacks.replacements import BUCKET, DATABASE, KEY, STORE, VPC
from stacks.sections import Settings
from stacks.settings import StackSettingsError, fields, parse
from testkit.program import configuration, groups, program
from testkit.registered import Registered

TODAY = date(2026, 11, 29)
UNPROTECTED: dict[str, Any] = {
    "database.deletion_protection": False,
    "redis.deletion_protection": False,
    "buckets.force_destroy": True,
}
CHANGES: dict[str, Any] = {
    "aws.region": "eu-west-1",
    "aws.endpoint": "http://127.0.0.1:4599",
    "aws.ca_bundle_url": "https://example.com/ca.pem",
    "network.cidr": "10.1.0.0/16",
    "network.zones": 2,
    "network.nat": "one",
    "network.flow_log": "all",
    "load_balancer.domain": "other.shop-of-ours.com",
    "load_balancer.hosted_zone_id": "Z9876543210",
    "load_balancer.certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/other",
    "load_balancer.http_port": 80,
    "load_balancer.idle_timeout": 90,
    "load_balancer.access_log_retention_days": 30,
    "load_balancer.deletion_protection": False,
    "app.path": "app/src",
    "app.port": 3100,
    "app.node": 20,
    "app.workers": 2,
    "app.longest_request": 20,
    "app.drain": 2,
    "app.environment": {"LOG_LEVEL": "debug"},
    "app.plain_environment": ["LOG_KEY"],
    "app.secrets": {"SHOP": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"},
    "app_servers.instance_types": ["m7i.large"],
    "app_servers.on_demand_base": 1,
    "app_servers.on_demand_percentage": 50,
    "app_servers.min_size": 2,
    "app_servers.max_size": 6,
    "app_servers.schedules": [{"name": "night", "recurrence": "0 22 * * *", "min_size": 2, "max_size": 6}],
    "app_servers.warm_pool_size": 1,
    "app_servers.max_healthy_percentage": 200,
    "app_servers.start_time": 240,
    "app_servers.instance_warmup": 90,
    "app_servers.bake_time": 180,
    "app_servers.target_cpu": 50,
    "app_servers.target_requests": 100,
    "app_servers.image_id": "ami-0123",
    "redis.node_type": "cache.r7g.large",
    "redis.replicas": 2,
    "redis.separate_cache": False,
    "redis.port": 6380,
    "redis.snapshot_retention_days": 1,
    "redis.deletion_protection": False,
    "redis.final_snapshot": False,
    "redis.apply_immediately": True,
    "database.engine_version": "18",
    "database.instance_class": "db.r7g.large",
    "database.allocated_storage": 200,
    "database.max_allocated_storage": 2000,
    "database.multi_az": False,
    "database.port": 5434,
    "database.name": "other",
    "database.admin_user": "other_admin",
    "database.backup_retention_days": 1,
    "database.deletion_protection": False,
    "database.final_snapshot": False,
    "database.restore_from_snapshot": "other-final",
    "database.apply_immediately": True,
    "database.parameters": {"max_connections": "500"},
    "buckets.force_destroy": True,
    "secrets.recovery_days": 7,
    "migrations.path": "docs/adr",
    "migrations.lock_timeout": 3,
    "migrations.wait_for_transactions": 300,
    "migrations.maintenance_work_mem": 512,
    "migrations.parallel_workers": 2,
    "migrations.timeout": 1800,
    "migrations.image": f"public.ecr.aws/lambda/python:3.12@sha256:{'0' * 64}",
    "smoke.paths": ["/readyz", "/healthz"],
    "smoke.session": {"sign_up": "/register", "log_in": "/login", "who_am_i": "/me"},
    "monitoring.log_retention_days": 30,
    "monitoring.alarm_email": "other@shop-of-ours.com",
    "tags": {"Team": "other"},
    "allow_replacement": {"redis.port": "2026-01-01"},
}
"""Another value of every setting, but for the port: beside HTTPS it is 80."""
REFUSED = [
    "aws.region",
    "database.admin_user",
    "database.name",
    "network.cidr",
    "redis.port",
    "redis.separate_cache",
]
NAME = "evenkeel-test"
STATEFUL = {
    "aws:rds/instance:Instance": (DATABASE, "AWS::RDS::DBInstance"),
    "aws:elasticache/replicationGroup:ReplicationGroup": (STORE, "AWS::ElastiCache::ReplicationGroup"),
    "aws:kms/key:Key": (KEY, "AWS::KMS::Key"),
    "aws:s3/bucket:Bucket": (BUCKET, "AWS::S3::Bucket"),
    "aws:ec2/vpc:Vpc": (VPC, "AWS::EC2::VPC"),
}
"""By Pulumi's type: the kit's kind, and CloudFormation's type."""
RENAMED = {
    "dbName": "DBName",
    "username": "MasterUsername",
    "identifier": "DBInstanceIdentifier",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "subnetGroupName": "CacheSubnetGroupName",
    "bucket": "BucketName",
}
"""CloudFormation's names of properties, where they are not Pulumi's with a capital letter."""


def accepted() -> list[str]:
    """The settings that may be changed."""
    return [setting for setting in CHANGES if setting not in REFUSED]


SPOT = "app_servers.on_demand_percentage"
GROUPS = [*groups([setting for setting in accepted() if setting != SPOT]), [SPOT]]
"""Of the settings that may be changed; Spot, which a warm pool excludes, has one of its own."""


def with_changes(changes: dict[str, Any]) -> dict[str, Any]:
    """Production's settings, of which some have other values."""
    sections = configuration("prod")
    for setting, value in changes.items():
        section, _, name = setting.partition(".")
        if name:
            sections.setdefault(section, {})[name] = value
        else:
            sections[section] = value
    return sections


@cache
def base() -> Registered:
    return program(with_changes({}))


@cache
def changed(*settings: str) -> Registered:
    return program(with_changes({setting: CHANGES[setting] for setting in settings}))


@cache
def unprotected() -> Registered:
    return program(with_changes(UNPROTECTED))


@cache
def fixed_on_aws(kind: str) -> frozenset[str]:
    """The properties of a CloudFormation type that replace it."""
    schemas = files("cfnlint") / "data/schemas"
    index = json.loads((schemas / "providers/eu-central-1.json").read_text())
    schema = json.loads((schemas / f"resources/{index[kind]}.json").read_text())
    return frozenset(path.removeprefix("/properties/") for path in schema.get("createOnlyProperties", []))


def lost(before: Registered, after: Registered) -> set[tuple[str, str]]:
    """Kind and name of each stateful resource that is deleted or replaced."""
    return {
        (STATEFUL[kind][0], name)
        for (kind, name), inputs in before.inputs.items()
        if kind in STATEFUL
        and (
            (kind, name) not in after.inputs
            or region(before) != region(after)
            or any(replaces(kind, key) for key in differing(after, kind, name, inputs))
        )
    }


def region(registered: Registered) -> str:
    """The provider's: another one replaces every resource."""
    (inputs,) = registered.all("pulumi:providers:aws").values()
    return str(inputs["region"])


def differing(after: Registered, kind: str, name: str, inputs: dict[str, Any]) -> Iterator[str]:
    """The properties that the engine would see as changed."""
    now = after[kind, name]
    ignored = set(after.options[kind, name].ignoreChanges)
    yield from (
        key for key in inputs.keys() | now.keys() if inputs.get(key) != now.get(key) and key not in ignored
    )


def replaces(kind: str, key: str) -> bool:
    """Whether AWS, or a provider, can't change the property in place."""
    on_aws = RENAMED.get(key, key[0].upper() + key[1:])
    return key in words(RESOURCES[kind].fixed) or on_aws in fixed_on_aws(STATEFUL[kind][1])


def deployed(registered: Registered) -> list[DeployedResource]:
    """What the state would hold of it; the engine's numbers are no integers."""
    return [
        DeployedResource(
            kind=STATEFUL[kind][0],
            name=name,
            properties={
                **{key: float(value) if type(value) is int else value for key, value in inputs.items()},
                "region": region(registered),
            },
        )
        for (kind, name), inputs in registered.inputs.items()
        if kind in STATEFUL
    ]


def refused(changes: dict[str, Any], today: date = TODAY) -> list[str]:
    """The settings that the kit refuses to change in production as it is deployed."""
    settings = parse(with_changes(changes))
    found = replacements.problems(settings, NAME, deployed(base()), today)
    return [problem.setting for problem in found]


def test_every_setting_has_another_value_here() -> None:
    """A new one needs its row, and so its judgement."""
    names = {
        f"{section}.{name}" if is_dataclass(values) else section
        for section, values in Settings()
        for name in (fields(type(values)) if is_dataclass(values) else [section])
    }
    assert CHANGES.keys() == names


def test_the_program_makes_what_the_guard_looks_at() -> None:
    """One database, two stores, the key, two buckets, the network; kind and name are those of the state."""
    assert sorted((one.kind, one.name) for one in deployed(base())) == sorted(
        [
            (DATABASE, "evenkeel-test-database"),
            (STORE, "evenkeel-test-sessions"),
            (STORE, "evenkeel-test-cache"),
            (KEY, "evenkeel-test"),
            (BUCKET, "evenkeel-test-logs"),
            (BUCKET, "evenkeel-test-artifacts"),
            (VPC, "evenkeel-test"),
        ]
    )


def test_every_value_here_is_another() -> None:
    """One that production has already would show nothing."""
    production = parse(with_changes({})).model_dump(mode="json")
    same = [
        setting
        for setting, value in CHANGES.items()
        if value == reduce(lambda values, name: values[name], setting.split("."), production)
    ]
    assert same == ["load_balancer.http_port"]


def test_no_change_can_hide_what_another_loses() -> None:
    """Of any two settings one is changed in a group in which the other is not."""
    for setting, other in permutations(accepted(), 2):
        assert any(setting in group and other not in group for group in GROUPS)


@pytest.mark.parametrize("group", GROUPS, ids=len)
def test_what_is_not_refused_loses_nothing(group: list[str]) -> None:
    """Neither by the change nor by the way back."""
    assert refused({setting: CHANGES[setting] for setting in group}) == []
    assert lost(base(), changed(*group)) == set()
    back = replacements.problems(parse(with_changes({})), NAME, deployed(changed(*group)), TODAY)
    assert back == []
    assert lost(changed(*group), base()) == set()


@pytest.mark.parametrize("setting", REFUSED)
def test_what_would_lose_something_is_refused(setting: str) -> None:
    """The refusal names the setting and everything that would be lost."""
    changes = {setting: CHANGES[setting]}
    gone = lost(base(), changed(setting)) - ({(VPC, "evenkeel-test")} if setting == "aws.region" else set())
    assert gone
    settings = parse(with_changes(changes))
    (problem,) = replacements.problems(settings, NAME, deployed(base()), TODAY)
    assert problem.setting == setting
    assert {(kind, name) for kind, name in gone if f"({name})" not in str(problem)} == set()


@pytest.mark.parametrize("setting", REFUSED)
def test_the_way_back_is_refused_too(setting: str) -> None:
    """Where it would lose something: a cache that gets a store of its own loses none."""
    gone = lost(changed(setting), base())
    problems = replacements.problems(parse(with_changes({})), NAME, deployed(changed(setting)), TODAY)
    assert [problem.setting for problem in problems] == ([setting] if gone else [])
    assert bool(gone) == (setting != "redis.separate_cache")


@pytest.mark.parametrize("setting", sorted(replacements.SETTINGS))
def test_a_permission_counts_on_its_own_day(setting: str) -> None:
    """Not the day before, not the day after; and what is protected stays."""
    allowed = {setting: CHANGES[setting], "allow_replacement": {setting: str(TODAY)}}
    found = deployed(unprotected())
    settings = parse(with_changes({**allowed, **UNPROTECTED}))
    for days, expected in ((-1, [setting]), (0, []), (1, [setting])):
        today = TODAY + timedelta(days=days)
        problems = replacements.problems(settings, NAME, found, today)
        assert [problem.setting for problem in problems] == expected
    assert refused(allowed) == [setting]
    # RDS and S3 still protect what was not deployed without its protection.
    assert refused({**allowed, **UNPROTECTED}) == ([] if setting.startswith("redis.") else [setting])


def test_nothing_is_refused_before_the_first_deployment() -> None:
    """Whatever the settings."""
    settings = parse(with_changes({setting: CHANGES[setting] for setting in REFUSED}))
    assert replacements.problems(settings, NAME, [], TODAY) == []
    replacements.refuse_renamed(NAME, [])


@pytest.mark.parametrize("setting", REFUSED)
def test_a_guard_that_lacks_a_setting_is_noticed(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: the change is not refused, and it loses something."""
    monkeypatch.setattr(
        replacements, "FIXED", [each for each in replacements.FIXED if each.setting != setting]
    )
    if setting == replacements.SEPARATE_CACHE:
        monkeypatch.setattr(replacements, "deleted", lambda *_: [])
    changes = {setting: CHANGES[setting]}
    assert refused(changes) == []
    assert lost(base(), changed(setting)) != set()


def test_the_message_names_setting_loss_and_safe_way() -> None:
    """Word for word."""
    settings = parse(with_changes({"redis.port": 6380}))
    (problem,) = replacements.problems(settings, NAME, deployed(base()), TODAY)
    assert str(problem) == (
        "evenkeel:redis.port is 6380: it was 6379, and AWS can't change that: all that is cached "
        "(evenkeel-test-cache) and all sessions and queued messages (evenkeel-test-sessions) would be lost. "
        "Set it back to 6379, or move to a new stack: docs/runbooks/stores.md. To lose it on purpose, allow "
        "that for one day (UTC): "
        "pulumi config set --path 'evenkeel:allow_replacement[\"redis.port\"]' 2026-11-29."
    )


def test_the_message_says_that_only_the_cache_is_lost_with_its_store() -> None:
    """Sessions and queued messages are in the other one."""
    settings = parse(with_changes({"redis.separate_cache": False}))
    (problem,) = replacements.problems(settings, NAME, deployed(base()), TODAY)
    assert str(problem).startswith(
        "evenkeel:redis.separate_cache is false: it was true, and without it the cache has no store of its "
        "own: all that is cached (evenkeel-test-cache) would be lost. Set it back to true, or "
    )


def test_a_renamed_stack_is_refused() -> None:
    """Every name begins with the project's and the stack's."""
    with pytest.raises(replacements.Renamed, match=re.escape("now to be named evenkeel-live-database")):
        replacements.refuse_renamed("evenkeel-live", deployed(base()))
    replacements.refuse_renamed(NAME, deployed(base()))


def test_a_permission_for_what_is_never_refused_is_refused() -> None:
    """A misspelt one would be missed only when it counts."""
    with pytest.raises(StackSettingsError, match=re.escape(", ".join(sorted(replacements.SETTINGS)))):
        parse({"allow_replacement": {"redis.prot": "2026-11-29"}})


def test_the_network_can_not_be_allowed_to_change() -> None:
    """AWS would stop the deployment halfway; the message offers the new stack only."""
    assert set(REFUSED) - replacements.SETTINGS == {"network.cidr"}
    settings = parse(with_changes({"network.cidr": "10.1.0.0/16"}))
    (problem,) = replacements.problems(settings, NAME, deployed(base()), TODAY)
    assert problem.remedy == ('Set it back to "10.0.0.0/16", or move to a new stack: docs/runbooks/stores.md')
    with pytest.raises(StackSettingsError, match=r"allow_replacement is .*network\.cidr.*can't be allowed"):
        parse({"allow_replacement": {"network.cidr": str(TODAY)}})
