"""What one asks of a DB instance: through the API, and of the server itself."""

import ssl
from contextlib import suppress
from typing import Any

from pg8000.native import Connection

from testkit.waiting import eventually
from tests.rehearsal.cloud.running import RunningCloud

PASSWORD = "a-'quoted\\-pass-word"


def set_parameter(rds: Any, name: str, value: str, method: str) -> None:
    parameter = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
    rds.modify_db_parameter_group(DBParameterGroupName="main", Parameters=[parameter])


def described(rds: Any, name: str = "main") -> Any:
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def available(rds: Any, name: str = "main") -> Any:
    return eventually(
        lambda: (found := described(rds, name))["DBInstanceStatus"] == "available" and found, within=30
    )


def connect(cloud: RunningCloud, instance: dict[str, Any], **changes: Any) -> Connection:
    settings = {
        "user": "keel",
        "password": PASSWORD,
        "host": instance["Endpoint"]["Address"],
        "port": instance["Endpoint"]["Port"],
        "database": "app",
        "ssl_context": ssl.create_default_context(cafile=str(cloud.ca)),
    }
    return Connection(**{**settings, **changes})


def show(cloud: RunningCloud, instance: dict[str, Any], name: str) -> str:
    connection = connect(cloud, instance)
    try:
        return str(connection.run(f"SHOW {name}")[0][0])
    finally:
        connection.close()


def postmaster(cloud: RunningCloud) -> int | None:
    """Its process id; None while a server that starts has not written it."""
    for file in cloud.state_dir.glob("rds/*/data/postmaster.pid"):
        with suppress(FileNotFoundError):
            if lines := file.read_text().splitlines():
                return int(lines[0])
    return None


def restore(rds: Any, name: str, snapshot: str) -> None:
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=snapshot)


def saved(rds: Any, name: str) -> None:
    """Wait until the snapshot has its data."""

    def status() -> str:
        (snapshot,) = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
        return str(snapshot["Status"])

    eventually(lambda: status() == "available", within=30)


def rows(cloud: RunningCloud, instance: dict[str, Any], table: str = "saved") -> list[list[int]]:
    connection = connect(cloud, instance)
    try:
        found: list[list[int]] = connection.run(f"SELECT n FROM {table} ORDER BY n")
        return found
    finally:
        connection.close()
