"""A stack without Redis, without a database, or with a database that exists already."""

import json
from functools import cache
from typing import Any

import pytest

from rehearsal.cloud.ec2.cloud_init import unpack
from stacks.settings import StackSettingsError, parse
from testkit.program import configuration, program
from testkit.registered import Registered

ALL = ["redis", "database"]
EXISTING: dict[str, Any] = {
    "name": "shop",
    "port": 5432,
    "admin_user": "shop_admin",
    "existing": {
        "address": "shop.abc.eu-central-1.rds.amazonaws.com",
        "network": "10.9.0.0/16",
        "app_secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf",
        "admin_secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:admin-AbCdEf",
    },
}
GROUPS = "aws:ec2/securityGroup:SecurityGroup"
TASK = "aws:ecs/taskDefinition:TaskDefinition"


@cache
def registered(**sections: str) -> Registered:
    """The stack with these sections, given as JSON."""
    return program({**configuration("dev"), **{name: json.loads(text) for name, text in sections.items()}})


def without(*names: str) -> Registered:
    return registered(**dict.fromkeys(names, '"none"'))


def existing(**changes: object) -> Registered:
    database = {**EXISTING, "existing": {**EXISTING["existing"], **changes}}
    return registered(database=json.dumps(database))


def user_data(made: Registered) -> str:
    (template,) = made.all("aws:ec2/launchTemplate:LaunchTemplate").values()
    return unpack(template["userData"])


def test_a_stack_without_redis_has_none_of_it() -> None:
    """Neither store, nor its group, alarm, secret or address."""
    made = without("redis")
    assert not [kind for kind in made.types if "elasticache" in kind]
    names = [name for _, name in made.inputs if not name.endswith("-cache-hit-rate")]  # the app's own metric
    assert not [name for name in names if "redis" in name or "sessions" in name or "cache" in name]
    assert "REDIS_URL" not in user_data(made)
    assert "DATABASE_URL database.url" in user_data(made)


def test_a_stack_without_a_database_has_none_of_it() -> None:
    """Neither instance, nor migrations, groups, alarms, events, secrets or addresses."""
    made = without("database")
    assert not [kind for kind in made.types if "rds" in kind or "ecs" in kind]
    assert not [name for _, name in made.inputs if "database" in name or "schema" in name or "migr" in name]
    assert "DATABASE_URL" not in user_data(made)
    assert "DATABASE_POOL_SIZE" not in user_data(made)
    assert "REDIS_URL redis.url" in user_data(made)


def test_a_stack_without_stores_still_serves() -> None:
    """Its servers, balancer and gates are those of any other."""
    made, full = without(*ALL), registered()
    for kind in ("aws:autoscaling/group:Group", "aws:lb/loadBalancer:LoadBalancer"):
        assert made.all(kind).keys() == full.all(kind).keys()
    gates = made.all("aws:ssm/parameter:Parameter").keys()
    assert {name.rsplit("-", 1)[1] for name in gates} == {"release", "verified"}


def test_an_existing_database_is_reached_and_not_made() -> None:
    """By its network and port; the migrations run as its admin, and make no role."""
    made = existing()
    assert not [kind for kind in made.types if "rds" in kind]
    rules = made.all("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").values()
    assert [rule["fromPort"] for rule in rules if rule.get("cidrIpv4") == "10.9.0.0/16"] == [5432, 5432]
    (task,) = made.all(TASK).values()
    (container,) = json.loads(task["containerDefinitions"])
    variables = {one["name"]: one["value"] for one in container["environment"]}
    assert variables["PGHOST"] == EXISTING["existing"]["address"]
    assert (variables["PGPORT"], variables["PGDATABASE"], variables["PGUSER"]) == (
        "5432",
        "shop",
        "shop_admin",
    )
    assert "APP_ROLE" not in variables
    assert container["secrets"] == [
        {"name": "PGPASSWORD", "valueFrom": f"{EXISTING['existing']['admin_secret']}:password::"}
    ]
    assert "DATABASE_ENDPOINT=shop.abc.eu-central-1.rds.amazonaws.com:5432/shop" in user_data(made)


def test_whoever_else_migrates_an_existing_database_leaves_no_schema_gate() -> None:
    """Without its admin's secret the kit can't."""
    made = existing(admin_secret=None)
    assert not made.all(TASK)
    assert "DATABASE_URL database.url" in user_data(made)


def test_an_existing_instance_is_watched_where_it_is_named() -> None:
    """An alarm needs the name of the RDS instance; of a cluster, or none of RDS, there is none."""
    alarms = "aws:cloudwatch/metricAlarm:MetricAlarm"
    dimensions = [alarm.get("dimensions") for alarm in existing(identifier="shop").all(alarms).values()]
    assert {"DBInstanceIdentifier": "shop"} in dimensions
    assert not [name for name in existing().all(alarms) if "database" in name]


def test_servers_and_migrations_may_use_the_key_of_an_existing_secret() -> None:
    """The look-up says which it is."""
    made = existing()
    policies = [
        policy["policy"]
        for name, policy in made.all("aws:iam/rolePolicy:RolePolicy").items()
        if "execution" in name or "role" in name
    ]
    assert sum("arn:key of alias/shared" in policy for policy in policies) == 2


@pytest.mark.parametrize("section", ALL)
def test_an_empty_section_takes_nothing_away(section: str) -> None:
    """As after somebody has taken out its last setting: `none` has to be said."""
    with pytest.raises(StackSettingsError) as refused:
        parse({section: None})
    said = f"evenkeel:{section} is not set: it is empty: write settings below it, or `none`. stacks/ref"
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("section", "variable"),
    [("database", "DATABASE_URL"), ("redis", "REDIS_URL"), ("redis", "CACHE_REDIS_URL")],
)
def test_the_url_of_a_store_elsewhere_is_the_apps_own_secret(section: str, variable: str) -> None:
    """The kit sets it only where the store is the stack's."""
    secrets = {variable: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:url-AbCdEf"}
    settings = {"aws": {"region": "eu-central-1"}, "app": {"secrets": secrets}}
    assert parse({**settings, section: "none"}).app.secrets == secrets
    with pytest.raises(StackSettingsError, match="the kit sets this variable itself"):
        parse(settings)


@pytest.mark.parametrize(("section", "part"), [("database", "database.host"), ("redis", "cache.password")])
def test_a_variable_of_a_store_that_is_not_there_is_refused(section: str, part: str) -> None:
    """Its setting, the part, and both ways out."""
    with pytest.raises(StackSettingsError) as refused:
        parse({section: "none", "app": {"store_variables": {"HERE": part}}})
    assert (
        f'evenkeel:app.store_variables.HERE is "{part}": the stack has no such store: {section} is none. '
        f"Take it out, or let the stack have {section}." in str(refused.value)
    )


def test_variables_of_a_store_reach_the_servers() -> None:
    """After the URLs, a line each."""
    app = {"store_variables": {"DB_HOST": "database.host"}}
    assert "CACHE_REDIS_URL cache.url\n" in user_data(registered(app=json.dumps(app)))
    assert "DB_HOST database.host\n" in user_data(registered(app=json.dumps(app)))


def test_a_secret_of_another_region_is_refused_for_an_existing_database() -> None:
    """It is read in the servers' own."""
    database = {**EXISTING, "existing": {**EXISTING["existing"], "admin_secret": None}}
    with pytest.raises(StackSettingsError) as refused:
        parse({"aws": {"region": "eu-west-1"}, "database": database})
    assert "evenkeel:database.existing.app_secret is " in str(refused.value)
    assert "read secrets of their own region, eu-west-1. Replicate the secret" in str(refused.value)
