"""Production with other settings: what it would have, and lose."""

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from rehearsal.offline.provider.table import RESOURCES
from rehearsal.offline.provider.values import words
from stacks import replacements
from stacks.deployed import DeployedResource
from stacks.replacements import BUCKET, DATABASE, KEY, STORE, VPC
from stacks.sections import NONE
from stacks.settings import parse
from testkit.program import configuration, program
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
    "app.build": ["generate", "build"],
    "app.build_environment": {"CI": "1"},
    "app.all_files": True,
    "app.writable": ["logs"],
    "app.processes": {"mailer": {"command": "node mailer.js"}},
    "app.environment": {"LOG_LEVEL": "debug"},
    "app.store_variables": {"DB_HOST": "database.host"},
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
    "database.existing": {
        "address": "shop.abc.eu-central-1.rds.amazonaws.com",
        "network": "10.9.0.0/16",
        "app_secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf",
    },
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
    "smoke.slow_request": {"path": "/slow", "body": {}},
    "monitoring.log_retention_days": 30,
    "monitoring.alarm_email": "other@shop-of-ours.com",
    "tags": {"Team": "other"},
    "allow_replacement": {"redis.port": "2026-01-01"},
    "redis": "none",
    "database": "none",
}
"""Another value of every setting and section, but for the port: beside HTTPS it is 80."""
REFUSED = [
    "aws.region",
    "database",
    "database.admin_user",
    "database.existing",
    "database.name",
    "network.cidr",
    "redis",
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


def with_changes(changes: dict[str, Any]) -> dict[str, Any]:
    """Production's settings, of which some have other values; a section that is none has no settings."""
    sections = configuration("prod")
    sections |= {section: value for section, value in changes.items() if "." not in section}
    for setting, value in changes.items():
        section, _, name = setting.partition(".")
        if name and sections.get(section) != NONE:
            sections.setdefault(section, {})[name] = value
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
