"""A store fails over or restarts under load: users see fast 503s for a moment, and nothing they have is lost.

What is measured is the clients' recovery, from the moment on that the store serves again. How long it is
away is the rehearsal's own time, a second or two; on AWS a Multi-AZ database fails over in 60 to 120 s,
ElastiCache in seconds. In a failover of Redis the last writes that its replica has not received are lost,
here and on AWS: who logs in just then may have to do so again. The people who are looked at logged in a
second before.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis
import requests
from redis.backoff import NoBackoff
from redis.retry import Retry

from migrator.errors import ConnectionFailed
from migrator.postgres import PostgresError, Session
from migrator.settings import Server
from rehearsal import daemon
from rehearsal.access_key import AccessKey
from testkit import access
from testkit.deployer import kill
from testkit.deployment import Deployment
from testkit.load import ASKED, LEAST, Load
from testkit.person import Person
from testkit.waiting import eventually
from tests.faults.rollouts.servers import StackServers
from tests.faults.stores.record import RECOVERY, UNAVAILABLE, Record, pace
from tests.faults.stores.watch import StoreWatch
from tests.faults.stores.writers import StoreWriters

pytestmark = pytest.mark.long
PEOPLE = 6
REDIS_ANSWER, POSTGRES_ANSWER = 3.0, 4.0
"""Seconds that a 503 may take at most: the app's own limits are 1 s for a command of Redis and 2 s for a
connection to Postgres; what is more is the busy machine's."""
BEFORE, AFTER = 1.0, 3.0
"""Seconds of load before a fault, in which Redis' replica gets every session, and after the return."""


class ObservedStores:
    """The deployed stack's, as their API and their own clients see them."""

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        ca = access.authority(deployment, folder)
        self._endpoint = deployment.environment["AWS_ENDPOINT_URL"]
        self._key = AccessKey.of_environment(deployment.environment)
        self._database_name, self._group = deployment.outputs["database"], deployment.outputs["sessions"]
        self._rds, self._elasticache = boto3.client("rds"), boto3.client("elasticache")
        self.database: Server = access.database(ca)
        primary = self.group["NodeGroups"][0]["PrimaryEndpoint"]
        self._redis = redis.Redis(
            host=primary["Address"],
            port=primary["Port"],
            password=access.token(self._group),
            ssl=True,
            ssl_ca_certs=str(ca),
            socket_timeout=0.5,
            retry=Retry(NoBackoff(), 0),  # the client's own would hide the failure
        )

    @property
    def group(self) -> dict[str, Any]:
        found: dict[str, Any] = self._elasticache.describe_replication_groups(ReplicationGroupId=self._group)[
            "ReplicationGroups"
        ][0]
        return found

    @property
    def instance(self) -> dict[str, Any]:
        found: dict[str, Any] = self._rds.describe_db_instances(DBInstanceIdentifier=self._database_name)[
            "DBInstances"
        ][0]
        return found

    @property
    def primary(self) -> str:
        """The primary node of Redis."""
        (name,) = [
            one["CacheClusterId"]
            for one in self.group["NodeGroups"][0]["NodeGroupMembers"]
            if one["CurrentRole"] == "primary"
        ]
        return str(name)

    def redis_watch(self) -> StoreWatch:
        return StoreWatch(lambda: bool(self._redis.set("evenkeel:watch", "1", ex=60)), (redis.RedisError,))

    def postgres_watch(self) -> StoreWatch:
        return StoreWatch(self._takes_writes, (ConnectionFailed, PostgresError))

    def fail_over_redis(self) -> None:
        self._elasticache.test_failover(ReplicationGroupId=self._group, NodeGroupId="0001")

    def kill_redis(self) -> None:
        """The primary's process, as a node that fails."""
        kill([row["pid"] for row in self._rows("cache cluster") if row["name"] == self.primary])

    def reboot_postgres(self, *, failover: bool) -> None:
        self._rds.reboot_db_instance(DBInstanceIdentifier=self._database_name, ForceFailover=failover)

    def settled(self) -> None:
        """Waits until both have all their servers, which have all data."""
        eventually(
            lambda: self.group["Status"] == "available" and self.instance["DBInstanceStatus"] == "available"
        )
        eventually(lambda: [row["state"] for row in self._rows("DB standby")] == ["in sync"])

    def phones(self) -> set[str]:
        """Of every member in the database."""
        with Session(self.database) as session:
            return {str(phone) for (phone,) in session.rows('SELECT phone FROM "Member"')}

    def _takes_writes(self) -> bool:
        with Session(self.database) as session:
            return session.rows("SELECT pg_is_in_recovery()") == [[False]]

    def _rows(self, kind: str) -> list[dict[str, Any]]:
        return [row for row in daemon.rows(self._endpoint, self._key) or [] if row["kind"] == kind]


@pytest.fixture
def stores(deployment: Deployment, aws_environment: None, tmp_path: Path) -> Iterator[ObservedStores]:
    """The stores, all well before and after."""
    stores = ObservedStores(deployment, tmp_path)
    stores.settled()
    yield stores
    stores.settled()


def workers(url: str) -> set[tuple[str, int]]:
    """Each worker's server and process id, as it tells them itself."""
    found: set[tuple[str, int]] = set()
    quiet = 0
    while quiet < 40:
        answer = requests.get(f"{url}/healthz", timeout=10).json()  # a connection of its own
        worker = (answer["server"], answer["pid"])
        quiet = quiet + 1 if worker in found else 0
        found.add(worker)
    return found


@contextmanager
def in_use(deployment: Deployment, watch: StoreWatch, slowest: float) -> Iterator[list[Record]]:
    """The block's fault happens while people read and write; all bars but the data's are checked.

    Gives a list that holds the record in the end.
    """
    url, servers = deployment.outputs["url"], StackServers(deployment)
    people = [Person.logged_in(url) for _ in range(PEOPLE)]
    group, before = servers.settled(servers.desired), workers(url)
    writers, records = StoreWriters(url, people), list[Record]()
    with Load(url, rate=ASKED, cookies=[person.cookie for person in people]) as load:
        watch.start()
        writers.start()
        try:
            time.sleep(BEFORE)
            yield records
            eventually(lambda: watch.returned)
            time.sleep(AFTER)
        finally:
            writers.stop()
            watch.end()
        outcome = load.stop()
    assert watch.lost, "the store was never away"
    assert watch.returned, "the store did not come back"
    record = Record(answers=writers.answers, returned=watch.returned)
    epoch = time.time() - time.monotonic()
    back = epoch + watch.returned + max(record.last_refusal, 0.0)
    rate = pace(outcome.each, seconds=outcome.seconds, lost=epoch + watch.lost, back=back)
    print(
        f"away for {watch.returned - watch.lost:.2f} s; {len(record.acknowledged)} writes; "
        f"{len(record.refused)} refused, in {record.slowest_refusal:.2f} s at most; after the return: "
        f"first write {record.first_write:.2f} s, last refusal {record.last_refusal:.2f} s; "
        f"{outcome.requests} reads, {rate:.0f}/s where they could, {outcome.lines}"
    )
    records.append(record)
    assert record.unexpected == []
    assert not [line for line in outcome.lines if line.startswith("Socket errors")]
    assert {one.status for one in outcome.each} <= {200, UNAVAILABLE}
    assert rate >= LEAST, f"the load was only {rate:.0f} reads/s"
    assert record.slowest_refusal < slowest
    assert record.first_write < RECOVERY
    assert record.last_refusal < RECOVERY
    assert [person.who_am_i() for person in people] == [person.email for person in people]
    assert workers(url) == before, "a worker's process has ended"
    assert servers.settled(servers.desired) == group, "the group has replaced a server"


def test_a_failover_of_redis_keeps_the_sessions(deployment: Deployment, stores: ObservedStores) -> None:
    """TestFailover: people stay logged in, and what was written before, meanwhile and after is there."""
    old = stores.primary
    with in_use(deployment, stores.redis_watch(), REDIS_ANSWER) as records:
        stores.fail_over_redis()
    assert stores.primary != old
    assert records[0].lost(stores.phones()) == set()


def test_a_node_of_redis_that_fails_keeps_the_sessions(
    deployment: Deployment, stores: ObservedStores
) -> None:
    """Its process is killed; the replica takes over, and the node comes back as one."""
    old = stores.primary
    with in_use(deployment, stores.redis_watch(), REDIS_ANSWER) as records:
        stores.kill_redis()
    assert stores.primary != old
    assert records[0].lost(stores.phones()) == set()


def test_a_restart_of_postgres_loses_no_write(deployment: Deployment, stores: ObservedStores) -> None:
    """RebootDBInstance, in place."""
    zone = stores.instance["AvailabilityZone"]
    with in_use(deployment, stores.postgres_watch(), POSTGRES_ANSWER) as records:
        stores.reboot_postgres(failover=False)
    assert stores.instance["AvailabilityZone"] == zone
    assert records[0].refused, "nobody noticed: the bars were met by nothing"
    assert records[0].lost(stores.phones()) == set()


def test_a_promotion_of_postgres_standby_loses_no_write(
    deployment: Deployment, stores: ObservedStores
) -> None:
    """RebootDBInstance with ForceFailover: the standby has every commit that was acknowledged."""
    zone = stores.instance["AvailabilityZone"]
    with in_use(deployment, stores.postgres_watch(), POSTGRES_ANSWER) as records:
        stores.reboot_postgres(failover=True)
    assert stores.instance["AvailabilityZone"] != zone
    assert records[0].refused, "nobody noticed: the bars were met by nothing"
    assert records[0].lost(stores.phones()) == set()
