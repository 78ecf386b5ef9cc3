"""The database: its settings as RDS gets them, and where its passwords go."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.database import Database, DatabaseArgs, DatabaseSettings
from components.postgres_parameters import DEFAULTS, STATIC, family, parameters
from testkit.registered import Registered, register, secret
from tests.unit.components.rolled import COMMON

INSTANCE = "aws:rds/instance:Instance"
ARGS = DatabaseArgs(
    settings=DatabaseSettings(admin_user="kit_admin", parameters={"max_connections": "300"}),
    subnet_ids=["data-a", "data-b"],
    security_group_id="sg",
    common=COMMON,
)


def database(**differences: Any) -> Registered:
    args = replace(ARGS, settings=replace(ARGS.settings, **differences))
    return register(lambda: Database("kit", args))


def test_a_database_is_made_of_exactly_this() -> None:
    """Nothing more, nothing less."""
    assert database().types == {
        "aws:cloudwatch/logGroup:LogGroup": 2,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": 1,
        "aws:rds/instance:Instance": 1,
        "aws:rds/parameterGroup:ParameterGroup": 1,
        "aws:rds/subnetGroup:SubnetGroup": 1,
        "aws:secretsmanager/secret:Secret": 2,
        "aws:secretsmanager/secretVersion:SecretVersion": 2,
        "random:index/randomId:RandomId": 1,
        "random:index/randomPassword:RandomPassword": 2,
    }


def test_production_holds_every_control_of_a_database() -> None:
    """The instance's inputs, one by one; RDS.2 to RDS.38 are in them."""
    assert database()[INSTANCE, "kit"] == {
        "identifier": "kit",
        "engine": "postgres",
        "engineVersion": "17",
        "autoMinorVersionUpgrade": True,
        "instanceClass": "db.m7g.large",
        "storageType": "gp3",
        "allocatedStorage": 100,
        "maxAllocatedStorage": 1000,
        "storageEncrypted": True,
        "kmsKeyId": "arn:key",
        "multiAz": True,
        "dbSubnetGroupName": "kit-0123456",
        "vpcSecurityGroupIds": ["sg"],
        "publiclyAccessible": False,
        "port": 5433,
        "dbName": "app",
        "username": "kit_admin",
        "password": secret("password of kit-admin-password"),
        "iamDatabaseAuthenticationEnabled": True,
        "parameterGroupName": "kit-0123456",
        "backupRetentionPeriod": 7,
        "copyTagsToSnapshot": True,
        "deleteAutomatedBackups": False,
        "deletionProtection": True,
        "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": "kit-final-0a1b2c3d",
        "applyImmediately": False,
        "performanceInsightsEnabled": True,
        "performanceInsightsKmsKeyId": "arn:key",
        "monitoringInterval": 60,
        "monitoringRoleArn": "arn:kit-monitoring",
        "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
    }


def test_storage_does_not_grow_where_it_may_not() -> None:
    """A limit at what is allocated is none."""
    assert "maxAllocatedStorage" not in database(max_allocated_storage=100)[INSTANCE, "kit"]


@pytest.mark.parametrize("wanted", [True, False])
def test_what_a_deleted_database_leaves_has_a_setting_of_its_own(wanted: bool) -> None:
    """An unprotected database still leaves its snapshots; only `final_snapshot` says otherwise."""
    inputs = database(deletion_protection=False, final_snapshot=wanted)[INSTANCE, "kit"]
    assert inputs["skipFinalSnapshot"] is not wanted
    assert inputs["deleteAutomatedBackups"] is not wanted


def test_each_database_that_is_replaced_leaves_a_snapshot_of_its_own_name() -> None:
    """What replaces it makes another random suffix."""
    kinds = [database(name="other"), database(admin_user="other"), database()]
    suffixes = [made["random:index/randomId:RandomId", "kit-final-snapshot"] for made in kinds]
    assert len({str(suffix["keepers"]) for suffix in suffixes}) == 3


def test_a_restored_database_stays_under_the_snapshots_key() -> None:
    """And when the setting is gone again, nothing changes: another key would replace the database."""
    made = database(restore_from_snapshot="kit-final")
    assert made[INSTANCE, "kit"]["snapshotIdentifier"] == "kit-final"
    assert "kmsKeyId" not in made[INSTANCE, "kit"]
    assert {*made.options[INSTANCE, "kit"].ignoreChanges} == {"kmsKeyId", "snapshotIdentifier"}


@pytest.mark.parametrize("on", [True, False])
def test_the_engine_keeps_a_database_that_is_protected(on: bool) -> None:
    """And no other."""
    options = database(deletion_protection=on).options[INSTANCE, "kit"]
    said = (
        "kit is protected: evenkeel:database.deletion_protection says so, "
        "docs/runbooks/stores.md how to take a stack down"
    )
    assert options.protect is on
    assert [*options.hooks.before_delete] == ([said] if on else [])


@pytest.mark.parametrize(("owner", "user"), [("admin", "kit_admin"), ("app", "app_service")])
def test_each_role_has_a_secret_with_all_that_a_client_needs(owner: str, user: str) -> None:
    """Admin and app have passwords of their own."""
    made = database()
    version = made["aws:secretsmanager/secretVersion:SecretVersion", f"kit-{owner}-version"]
    assert json.loads(version["secretString"]["value"]) == {
        "username": user,
        "password": f"password of kit-{owner}-password",
        "host": "kit.db.example",
        "port": 5433,
        "dbname": "app",
    }
    kept = made["aws:secretsmanager/secret:Secret", f"kit-{owner}"]
    assert (kept["kmsKeyId"], kept["recoveryWindowInDays"]) == ("arn:key", 30)


def test_its_logs_are_encrypted_and_end() -> None:
    """The groups have the names that RDS would make itself, without a key and without an end."""
    groups = database().all("aws:cloudwatch/logGroup:LogGroup")
    assert {group["name"] for group in groups.values()} == {
        "/aws/rds/instance/kit/postgresql",
        "/aws/rds/instance/kit/upgrade",
    }
    assert {(group["kmsKeyId"], group["retentionInDays"]) for group in groups.values()} == {("arn:key", 365)}


def test_the_parameter_group_is_of_the_major_version() -> None:
    """`17` and `17.4` alike."""
    assert family("17") == family("17.4") == "postgres17"


@given(st.dictionaries(st.sampled_from([*DEFAULTS, *STATIC, "work_mem"]), st.just("own")))
def test_a_stacks_own_parameters_win_and_static_ones_wait_for_a_restart(own: dict[str, str]) -> None:
    """Each name once, and never a static one at once, which RDS refuses."""
    made = {one["name"]: one for one in parameters(own)}
    assert len(made) == len(parameters(own))
    assert {name: one["value"] for name, one in made.items()} == {**DEFAULTS, **own}
    assert {name for name, one in made.items() if one.get("apply_method") == "pending-reboot"} == {
        name for name in made if name in STATIC or name == "rds.force_ssl"
    }
