"""RDS in rehearsal: the API's instance is a PostgreSQL server, and the server does what the API says."""

import json
import os
import signal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pg8000.exceptions import DatabaseError, InterfaceError

from components.gates.aws_api import AwsApi
from components.gates.free_storage import free_storage
from testkit.waiting import eventually
from tests.rehearsal.cloud.postgres_instance import (
    PASSWORD,
    available,
    connect,
    described,
    postmaster,
    restore,
    rows,
    saved,
    set_parameter,
    show,
)
from tests.rehearsal.cloud.running import RunningCloud


def test_an_instance_has_no_endpoint_before_it_accepts_connections(rds: Any) -> None:
    """Clients that wait for the endpoint never meet a closed port."""
    created = rds.create_db_instance(
        DBInstanceIdentifier="early",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="keel",
        MasterUserPassword=PASSWORD,
        AllocatedStorage=20,
    )["DBInstance"]
    assert created["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in created
    rds.delete_db_instance(DBInstanceIdentifier="early", SkipFinalSnapshot=True)


def test_the_instance_is_described_as_it_was_asked_for(instance: dict[str, Any]) -> None:
    """A provider that compares sees no drift."""
    assert {
        name: instance[name]
        for name in (
            *("EngineVersion", "DbInstancePort", "MasterUsername", "DBName", "CACertificateIdentifier"),
            *("PerformanceInsightsEnabled", "PerformanceInsightsRetentionPeriod", "DeletionProtection"),
        )
    } == {
        "EngineVersion": "16",
        "DbInstancePort": 5499,
        "MasterUsername": "keel",
        "DBName": "app",
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsRetentionPeriod": 31,
        "DeletionProtection": True,
    }
    assert instance["DBParameterGroups"] == [
        {"DBParameterGroupName": "main", "ParameterApplyStatus": "in-sync"}
    ]


def test_the_master_user_owns_the_database_and_is_no_superuser(
    cloud: RunningCloud, instance: dict[str, Any]
) -> None:
    """What needs a superuser fails in rehearsal as it does on RDS."""
    connection = connect(cloud, instance)
    assert connection.run("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'keel'") == [
        [False, True]
    ]
    connection.run("CREATE TABLE proof (id int)")
    connection.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    assert connection.run("SELECT count(*) > 0 FROM pg_stat_statements") == [[True]]
    connection.close()


def test_a_connection_without_tls_is_refused(cloud: RunningCloud, instance: dict[str, Any]) -> None:
    """`rds.force_ssl` is on unless the parameter group turns it off."""
    with pytest.raises(DatabaseError, match="no encryption"):
        connect(cloud, instance, ssl_context=False)


def test_memory_formulas_follow_the_instance_class(cloud: RunningCloud, instance: dict[str, Any]) -> None:
    """A db.t4g.micro of 1 GiB takes 112 connections."""
    assert show(cloud, instance, "max_connections") == "112"
    assert show(cloud, instance, "shared_buffers") == "128MB"


def test_a_dynamic_parameter_takes_effect_without_a_restart(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """The running server reads it; nobody is disconnected."""
    before = postmaster(cloud)
    assert show(cloud, instance, "log_min_duration_statement") == "250ms"
    set_parameter(rds, "log_min_duration_statement", "500", "immediate")
    eventually(lambda: show(cloud, instance, "log_min_duration_statement") == "500ms", within=10)
    assert postmaster(cloud) == before


def test_slow_statements_reach_cloudwatch_logs(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """The instance exports its log, as production's slow-query alarm needs it."""
    set_parameter(rds, "log_min_duration_statement", "100", "immediate")
    eventually(lambda: show(cloud, instance, "log_min_duration_statement") == "100ms", within=10)
    connection = connect(cloud, instance)
    connection.run("SELECT pg_sleep(0.2)")
    connection.close()
    group = "/aws/rds/instance/main/postgresql"

    def lines() -> list[str]:
        events = cloud.client("logs").get_log_events(
            logGroupName=group, logStreamName="main.0", startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    eventually(lambda: any("pg_sleep(0.2)" in line and "duration" in line for line in lines()), within=5)


def test_free_storage_is_what_was_allocated_less_what_is_used(
    cloud: RunningCloud, instance: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schema gate asks CloudWatch for it before it lets an index be built; a stranger has none."""
    for name, value in cloud.key.environment().items():
        monkeypatch.setenv(name, value)
    api = AwsApi(region="eu-central-1", endpoint=cloud.endpoint)
    free = eventually(lambda: free_storage(api, "main"), within=10)
    assert 0 < free < instance["AllocatedStorage"] << 30
    assert free_storage(api, "stranger") is None


def test_a_static_parameter_waits_for_the_reboot(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """The instance says pending-reboot until then."""
    set_parameter(rds, "max_connections", "60", "pending-reboot")
    group = {"DBParameterGroupName": "main", "ParameterApplyStatus": "pending-reboot"}
    eventually(lambda: described(rds)["DBParameterGroups"] == [group], within=10)
    assert show(cloud, instance, "max_connections") == "112"
    assert (
        rds.reboot_db_instance(DBInstanceIdentifier="main")["DBInstance"]["DBInstanceStatus"] == "rebooting"
    )
    assert available(rds)["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    assert show(cloud, instance, "max_connections") == "60"


def test_a_new_master_password_replaces_the_old_one(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """And back again; neither ever reaches the server's log."""
    rds.modify_db_instance(
        DBInstanceIdentifier="main", MasterUserPassword="another-one", ApplyImmediately=True
    )
    available(rds)
    with pytest.raises(DatabaseError, match="password authentication failed"):
        connect(cloud, instance)
    connect(cloud, instance, password="another-one").close()
    rds.modify_db_instance(DBInstanceIdentifier="main", MasterUserPassword=PASSWORD, ApplyImmediately=True)
    available(rds)
    connect(cloud, instance).close()
    logs = "".join(path.read_text() for path in cloud.state_dir.glob("rds/*/*.log"))
    assert "another-one" not in logs


def test_a_server_that_dies_comes_back_with_its_data(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """RDS restarts a crashed engine by itself; what was committed is there."""
    connection = connect(cloud, instance)
    connection.run("CREATE TABLE kept AS SELECT 7 AS number")
    connection.close()
    killed = postmaster(cloud)
    assert killed
    os.kill(killed, signal.SIGKILL)

    def back() -> bool:
        try:
            connect(cloud, instance).close()
        except (InterfaceError, DatabaseError, OSError):
            return False
        return True

    eventually(lambda: postmaster(cloud) not in (None, killed) and back(), within=20)
    available(rds)
    connection = connect(cloud, instance)
    assert connection.run("SELECT number FROM kept") == [[7]]
    connection.close()


def test_a_stopped_instance_starts_again(cloud: RunningCloud, rds: Any, instance: dict[str, Any]) -> None:
    """Stop ends the server, start brings it back at the same endpoint."""
    rds.stop_db_instance(DBInstanceIdentifier="main")
    eventually(lambda: described(rds)["DBInstanceStatus"] == "stopped", within=20)
    with pytest.raises(InterfaceError):
        connect(cloud, instance)
    rds.start_db_instance(DBInstanceIdentifier="main")
    assert available(rds)["Endpoint"] == instance["Endpoint"]
    connect(cloud, instance).close()


def test_a_managed_password_opens_the_database(cloud: RunningCloud, rds: Any) -> None:
    """It is in the secret that the instance names."""
    arguments = {"DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "AllocatedStorage": 20}
    with pytest.raises(ClientError, match="MasterUserPassword or ManageMasterUserPassword"):
        rds.create_db_instance(DBInstanceIdentifier="managed", MasterUsername="keel", **arguments)
    rds.create_db_instance(
        DBInstanceIdentifier="managed", MasterUsername="keel", ManageMasterUserPassword=True, **arguments
    )
    found = available(rds, "managed")
    secret = cloud.client("secretsmanager").get_secret_value(SecretId=found["MasterUserSecret"]["SecretArn"])
    login = json.loads(secret["SecretString"])
    connect(cloud, found, user=login["username"], password=login["password"], database="postgres").close()
    rds.delete_db_instance(DBInstanceIdentifier="managed", SkipFinalSnapshot=True)


def test_a_value_that_postgresql_refuses_shows_in_the_status(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """The instance is incompatible-parameters, the log says why; a good value brings it back."""
    set_parameter(rds, "max_connections", "1", "pending-reboot")
    rds.reboot_db_instance(DBInstanceIdentifier="main")
    eventually(lambda: described(rds)["DBInstanceStatus"] == "incompatible-parameters", within=30)
    assert "max_connections" in cloud.log.read_text().split("is incompatible-parameters")[1]
    set_parameter(rds, "max_connections", "70", "pending-reboot")
    available(rds)
    assert show(cloud, instance, "max_connections") == "70"


def test_a_database_name_that_is_taken_fails_the_instance_alone(cloud: RunningCloud, rds: Any) -> None:
    """The cloud and the other instances go on."""
    rds.create_db_instance(
        DBInstanceIdentifier="taken",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="keel",
        MasterUserPassword=PASSWORD,
        DBName="template1",
        AllocatedStorage=20,
    )
    eventually(lambda: described(rds, "taken")["DBInstanceStatus"] == "failed", within=30)
    assert 'database "template1" already exists' in cloud.log.read_text()
    rds.delete_db_instance(DBInstanceIdentifier="taken", SkipFinalSnapshot=True)


@pytest.mark.usefixtures("instance")
def test_a_bad_formula_is_refused_by_the_api(rds: Any) -> None:
    """As RDS refuses it, before any server sees it."""
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        set_parameter(rds, "work_mem", "{NoSuchVariable/2}", "immediate")


@pytest.mark.usefixtures("instance")
def test_deletion_respects_its_protection_and_takes_the_server_along(cloud: RunningCloud, rds: Any) -> None:
    """Protected: refused. Unprotected: the process is gone, and its rows are in the final snapshot."""
    with pytest.raises(ClientError, match="Cannot delete protected DB Instance"):
        rds.delete_db_instance(DBInstanceIdentifier="main", SkipFinalSnapshot=True)
    rds.modify_db_instance(DBInstanceIdentifier="main", DeletionProtection=False, ApplyImmediately=True)
    with pytest.raises(ClientError, match="FinalDBSnapshotIdentifier is required"):
        rds.delete_db_instance(DBInstanceIdentifier="main")
    server = postmaster(cloud)
    connection = connect(cloud, described(rds))
    connection.run("CREATE TABLE last AS SELECT 3 AS n")
    connection.close()
    rds.delete_db_instance(DBInstanceIdentifier="main", FinalDBSnapshotIdentifier="main-final")
    eventually(lambda: server not in cloud.processes(), within=20)
    saved(rds, "main-final")
    restore(rds, "main", "main-final")
    assert rows(cloud, available(rds), "last") == [[3]]
    rds.delete_db_snapshot(DBSnapshotIdentifier="main-final")
    eventually(lambda: not list(cloud.state_dir.glob("rds-snapshots/*main-final")), within=20)
    rds.delete_db_instance(DBInstanceIdentifier="main", SkipFinalSnapshot=True)
