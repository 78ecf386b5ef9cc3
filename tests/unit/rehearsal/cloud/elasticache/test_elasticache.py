"""What a replication group makes of members that come, go and are lost while it looks; no server runs."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rehearsal.cloud.body import CloudContext
from rehearsal.cloud.ec2.zones import Zones
from rehearsal.cloud.elasticache import replication_group


class InstantRedis:
    """In place of a Redis: it runs when it was started, and is ready at once."""

    address, port = "127.9.0.1", 6379

    def __init__(self, *_: Any, **__: Any) -> None:
        self.pid: int | None = None

    def start(self, **_: Any) -> None:
        self.pid = 1

    def kill(self) -> None:
        self.pid = None

    def is_ready(self) -> bool:
        return True

    def parameters(self) -> dict[str, str]:
        return {}

    stop = promote = kill


class Endpoint(InstantRedis):
    """In place of a HAProxy."""

    def lead_to(self, targets: Any) -> None:
        """Nothing connects."""


def member(number: int, zone: str) -> dict[str, Any]:
    """One of moto's members."""
    return {"cache_cluster_id": f"store-{number:03}", "preferred_availability_zone": zone}


@pytest.fixture
def record() -> Any:
    """What moto keeps of an available group of two."""
    return SimpleNamespace(
        replication_group_id="store",
        engine_version="7.1",
        port=6379,
        auth_tokens=[],
        transit_encryption_enabled=False,
        automatic_failover="disabled",
        cache_node_type="cache.t4g.small",
        status="creating",
        failover_wanted=False,
        reboots_wanted=[],
        node_groups=[{"node_group_members": [member(1, "x-1a"), member(2, "x-1b")]}],
    )


@pytest.fixture
def lost() -> set[str]:
    """The zones that are lost."""
    return set()


@pytest.fixture
def step(record: Any, lost: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Moves the group one step on, and returns it."""
    monkeypatch.setattr(replication_group, "RedisServer", InstantRedis)
    monkeypatch.setattr(replication_group, "TcpEndpoint", Endpoint)
    addresses = SimpleNamespace(take=lambda: "127.9.0.1")
    context = cast(CloudContext, SimpleNamespace(zones=Zones(lost=lost), addresses=addresses))
    group = replication_group.RunningReplicationGroup(record, context, tmp_path / "store")

    def take() -> Any:
        group.reconcile({})
        return group

    return take


def running(group: Any) -> list[str]:
    """The members whose server runs."""
    return sorted(row.name for row in group.rows() if row.kind == "cache cluster" and row.pid)


def test_a_member_made_in_a_lost_zone_starts_when_that_is_back(
    record: Any, lost: set[str], step: Callable[[], Any]
) -> None:
    """It never ran before."""
    step()
    lost.add("x-1c")
    record.node_groups[0]["node_group_members"].append(member(3, "x-1c"))
    assert running(step()) == ["store-001", "store-002"]
    lost.clear()
    assert running(step()) == ["store-001", "store-002", "store-003"]


def test_a_member_that_is_removed_meanwhile_is_neither_looked_for_nor_rebooted(
    record: Any, step: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API's thread may remove it at any moment of a step."""
    group = step()
    match = group._match_members

    def removed_after() -> None:
        match()
        record.node_groups[0]["node_group_members"].pop()

    monkeypatch.setattr(group, "_match_members", removed_after)
    step()
    monkeypatch.setattr(group, "_match_members", match)
    record.reboots_wanted.append("store-002")
    assert running(step()) == ["store-001"]
    assert record.status == "available"


def test_a_group_is_not_available_while_a_reboot_is_wanted(
    record: Any, step: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it was asked for in the middle of a step: who waits would take the old state for the new."""
    group = step()
    assert record.status == "available"
    reboot = group._reboot

    def asked_after() -> None:
        reboot()
        record.reboots_wanted.append("store-002")
        record.status = "modifying"

    monkeypatch.setattr(group, "_reboot", asked_after)
    step()
    assert record.status == "modifying"
    monkeypatch.setattr(group, "_reboot", reboot)
    step()
    assert (record.status, record.reboots_wanted) == ("available", [])
