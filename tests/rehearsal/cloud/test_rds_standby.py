"""A Multi-AZ instance in rehearsal: a standby has every commit, and takes over the endpoint when told to."""

import os
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection

from testkit.waiting import eventually
from tests.rehearsal.cloud.running import RunningCloud

PASSWORD = "a-'quoted\\-pass-word"
NAME = "main"


@pytest.fixture(scope="module")
def rds(cloud: RunningCloud) -> Any:
    """The RDS client."""
    return cloud.client("rds")


@pytest.fixture(scope="module")
def instance(cloud: RunningCloud, rds: Any) -> Any:
    """An available Multi-AZ instance with a table, its standby in sync."""
    rds.create_db_instance(
        DBInstanceIdentifier=NAME,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="keel",
        MasterUserPassword=PASSWORD,
        DBName="app",
        AllocatedStorage=20,
        MultiAZ=True,
    )
    found = available(rds)
    with connected(cloud, found) as connection:
        connection.run("CREATE TABLE kept (number int)")
    in_sync(cloud)
    return found


def described(rds: Any) -> Any:
    return rds.describe_db_instances(DBInstanceIdentifier=NAME)["DBInstances"][0]


def available(rds: Any) -> Any:
    return eventually(
        lambda: (found := described(rds))["DBInstanceStatus"] == "available" and found, within=30
    )


def standby(cloud: RunningCloud) -> Any:
    return next((row for row in cloud.rows() if row["kind"] == "DB standby"), None)


def in_sync(cloud: RunningCloud) -> Any:
    return eventually(lambda: (row := standby(cloud)) and row["state"] == "in sync" and row, within=30)


def primary_pid(cloud: RunningCloud) -> int | None:
    (row,) = [row for row in cloud.rows() if row["kind"] == "DB instance"]
    return row["pid"] and int(row["pid"])


@contextmanager
def connected(cloud: RunningCloud, instance: dict[str, Any]) -> Iterator[Connection]:
    connection = Connection(
        "keel",
        password=PASSWORD,
        host=instance["Endpoint"]["Address"],
        port=instance["Endpoint"]["Port"],
        database="app",
        ssl_context=ssl.create_default_context(cafile=str(cloud.ca)),
    )
    try:
        yield connection
    finally:
        connection.close()


def zones(instance: dict[str, Any]) -> tuple[str, str]:
    return instance["AvailabilityZone"], instance["SecondaryAvailabilityZone"]


def fail_over(rds: Any) -> None:
    answer = rds.reboot_db_instance(DBInstanceIdentifier=NAME, ForceFailover=True)
    assert answer["DBInstance"]["DBInstanceStatus"] == "rebooting"


class CountingWriter(threading.Thread):
    """Commits one number after another, and keeps those that were acknowledged."""

    def __init__(self, cloud: RunningCloud, instance: dict[str, Any], first: int) -> None:
        super().__init__()
        self._cloud, self._instance, self._number = cloud, instance, first
        self._done = threading.Event()
        self.acknowledged: list[int] = []

    def run(self) -> None:
        while not self._done.is_set():
            try:
                with connected(self._cloud, self._instance) as connection:
                    self._write(connection)
            except (InterfaceError, DatabaseError, OSError):
                time.sleep(0.02)

    def _write(self, connection: Connection) -> None:
        while not self._done.is_set():
            self._number += 1
            connection.run(f"INSERT INTO kept VALUES ({self._number})")
            self.acknowledged.append(self._number)

    def end(self) -> None:
        self._done.set()
        self.join()


def test_a_failover_keeps_every_acknowledged_commit_and_the_endpoint(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """The primary is lost in the middle of writes; the standby goes on at its address, in the other zone."""
    before = zones(described(rds))
    writer = CountingWriter(cloud, instance, first=0)
    writer.start()
    try:
        eventually(lambda: len(writer.acknowledged) > 20, within=10)
        fail_over(rds)
        after = available(rds)
        seen = len(writer.acknowledged)
        eventually(lambda: len(writer.acknowledged) > seen + 20, within=10)
    finally:
        writer.end()
    assert after["Endpoint"] == instance["Endpoint"]
    assert after["AvailabilityZone"] == before[1]
    with connected(cloud, instance) as connection:
        rows = {number for (number,) in connection.run("SELECT number FROM kept")}
        ((timeline,),) = connection.run("SELECT timeline_id FROM pg_control_checkpoint()")
    assert set(writer.acknowledged) - rows == set()
    assert timeline > 1, "nothing was promoted"
    in_sync(cloud)
    assert zones(described(rds)) == before[::-1]
    events = rds.describe_events(SourceType="db-instance", SourceIdentifier=NAME)["Events"]
    assert [event["Message"] for event in events if "failover" in event["EventCategories"]] == [
        "Multi-AZ instance failover started.",
        "Multi-AZ instance failover completed",
    ]


def test_a_commit_waits_for_the_standby(cloud: RunningCloud, instance: dict[str, Any]) -> None:
    """While that hangs, none is acknowledged; when it is lost, the primary goes on alone and gets another."""
    old = in_sync(cloud)
    os.kill(old["pid"], signal.SIGSTOP)
    walreceiver = [int(pid) for pid in children(old["pid"])]
    for pid in walreceiver:
        os.kill(pid, signal.SIGSTOP)
    writer = CountingWriter(cloud, instance, first=1_000_000)
    writer.start()
    try:
        time.sleep(1)
        assert writer.acknowledged == []
        for pid in [old["pid"], *walreceiver]:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: writer.acknowledged, within=10)
    finally:
        writer.end()
    assert eventually(lambda: in_sync(cloud)["pid"] != old["pid"], within=30)


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_a_primary_that_dies_is_restarted_in_place(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """Its standby follows it again: the next failover loses nothing."""
    in_sync(cloud)
    zone, killed = described(rds)["AvailabilityZone"], primary_pid(cloud)
    assert killed
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: primary_pid(cloud) not in (killed, None), within=10)
    assert available(rds)["AvailabilityZone"] == zone
    with connected(cloud, instance) as connection:
        connection.run("INSERT INTO kept VALUES (-1)")
    in_sync(cloud)
    fail_over(rds)
    available(rds)
    with connected(cloud, instance) as connection:
        assert connection.run("SELECT count(*) FROM kept WHERE number = -1") == [[1]]


@pytest.mark.usefixtures("instance")
def test_a_reboot_without_failover_stays_in_its_zone(rds: Any) -> None:
    """And brings static parameters, to both."""
    zone = available(rds)["AvailabilityZone"]
    rds.reboot_db_instance(DBInstanceIdentifier=NAME)
    assert available(rds)["AvailabilityZone"] == zone


def test_a_single_instance_has_nothing_to_fail_over_to(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """Multi-AZ switched off ends the standby, and switched on again makes one."""
    old = in_sync(cloud)
    rds.modify_db_instance(DBInstanceIdentifier=NAME, MultiAZ=False, ApplyImmediately=True)
    eventually(lambda: standby(cloud) is None and old["pid"] not in cloud.processes(), within=10)
    assert "SecondaryAvailabilityZone" not in available(rds)
    with pytest.raises(ClientError, match="is not Multi-AZ"):
        rds.reboot_db_instance(DBInstanceIdentifier=NAME, ForceFailover=True)
    with connected(cloud, instance) as connection:
        connection.run("INSERT INTO kept VALUES (-2)")  # waits for no standby
    rds.modify_db_instance(DBInstanceIdentifier=NAME, MultiAZ=True, ApplyImmediately=True)
    in_sync(cloud)


def test_a_lost_zone_costs_the_primary_and_no_commit(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """Nobody has to order that failover, and the new standby waits for a zone to be in."""
    in_sync(cloud)
    lost, other = zones(described(rds))
    with connected(cloud, instance) as connection:
        connection.run("INSERT INTO kept VALUES (-3)")
    cloud.has_subnet_in(lost)
    cloud.inject("zone-loss", lost)
    try:
        eventually(lambda: described(rds)["AvailabilityZone"] == other, within=30)
        available(rds)
        with connected(cloud, instance) as connection:
            assert connection.run("SELECT count(*) FROM kept WHERE number = -3") == [[1]]
        assert standby(cloud) is None
    finally:
        cloud.inject("zone-return", lost)
    in_sync(cloud)
