"""A replication group: a Redis primary, its replicas and two endpoints stand behind it."""

import logging
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

import redis
from moto.ec2.models.instance_types import INSTANCE_TYPES

from rehearsal.cloud.body import CloudContext, StatusRow
from rehearsal.cloud.elasticache.moto_patches import members
from rehearsal.cloud.elasticache.parameter_groups import RESERVED_MEMORY_PERCENT
from rehearsal.cloud.elasticache.redis_server import RedisServer, installed_version
from rehearsal.cloud.elbv2.tcp_endpoint import TcpEndpoint

_MIB = 1024 * 1024
_NODE_SHARE = 0.8  # of the EC2 type's memory: what ElastiCache's table of maxmemory comes to, from `large` up
_DEFAULT_RESERVED_MEMORY = "25"  # percent
_RESTART_PAUSE = 1.0  # seconds between two starts of a server that dies
log = logging.getLogger(__name__)


class RunningReplicationGroup:
    """One replication group: moto's record of what is wanted, and the servers that are."""

    def __init__(self, group: Any, context: CloudContext, folder: Path) -> None:
        folder.mkdir()
        self._group, self._context, self._folder = group, context, folder
        port = int(group.port)
        self._primary_endpoint = TcpEndpoint(folder / "primary", context, context.addresses.take(), port)
        self._reader_endpoint = TcpEndpoint(folder / "reader", context, context.addresses.take(), port)
        self._admin_password = secrets.token_urlsafe(24)
        self._tokens = list(group.auth_tokens)
        self._servers: dict[str, RedisServer] = {}
        self._started: dict[str, float] = {}
        self._booting: set[str] = set()
        self._primary = members(group)[0]["cache_cluster_id"]
        self._defaults: dict[str, str] = {}
        self._wanted: dict[str, str] = {}
        self._parameters: dict[str, str] = {}
        version = installed_version()
        log.info(
            "replication group %s (engine version %s): Redis %s at %s:%s",
            *(group.replication_group_id, group.engine_version, version, *self._primary_at()),
        )
        if group.engine_version.split(".")[0] != version.split(".")[0]:
            log.warning(
                "replication group %s: engine version %s was asked for, which its description says;"
                " Redis %s runs, since this machine has no other",
                *(group.replication_group_id, group.engine_version, version),
            )

    def rows(self) -> list[StatusRow]:
        """The group at its primary endpoint, and each node."""
        group, (host, port) = self._group, self._primary_at()
        rows = [
            StatusRow(
                kind="replication group",
                name=group.replication_group_id,
                address=f"{host}:{port}",
                pid=self._primary_endpoint.pid,
                state=group.status,
            )
        ]
        for name, server in self._servers.items():
            role = "booting" if name in self._booting else "primary" if name == self._primary else "replica"
            address = f"{server.address}:{server.port}"
            rows.append(
                StatusRow(kind="cache cluster", name=name, address=address, pid=server.pid, state=role)
            )
        return rows

    def reconcile(self, parameters: dict[str, str]) -> None:
        """One step of the group's life."""
        try:
            self._match_members()
            if self._group.failover_wanted:
                self._fail_over()
            self._reboot()
            self._revive()
            self._booting -= {name for name in self._booting if self._servers[name].is_ready()}
            if self._primary not in self._booting:
                self._match_tokens()
                self._match_parameters(parameters)
                self._lead_endpoints()
            self._describe()
        except redis.RedisError as error:
            # A server died or hung under our hands; the next step sees which and starts it again.
            log.warning("replication group %s: %s", self._group.replication_group_id, error)

    def stop(self) -> None:
        """End its endpoints and its nodes."""
        self._primary_endpoint.stop()
        self._reader_endpoint.stop()
        for server in self._servers.values():
            server.stop()

    def leave_data(self, folder: Path) -> None:
        """Move the data of the ended primary away; no group begins with it yet."""
        if server := self._servers.get(self._primary):
            server.leave_data(folder)

    def remove_data(self) -> None:
        """Remove what its ended nodes left."""
        shutil.rmtree(self._folder, ignore_errors=True)  # a killed server's last files may come meanwhile

    def _match_members(self) -> None:
        wanted = [member["cache_cluster_id"] for member in members(self._group)]
        for name in self._servers.keys() - set(wanted):
            self._servers.pop(name).stop()
            self._booting.discard(name)
        for name in wanted:
            if name not in self._servers:
                self._servers[name] = RedisServer(
                    self._folder / f"{name}-{secrets.token_hex(2)}",
                    self._context,
                    address=self._context.addresses.take(),
                    port=int(self._group.port),
                    tls_for=self._endpoint_addresses() if self._group.transit_encryption_enabled else None,
                    password=self._admin_password,
                )
                self._start(name)

    def _in_lost_zone(self, name: str) -> bool:
        zones = {
            member["cache_cluster_id"]: member["preferred_availability_zone"]
            for member in members(self._group)
        }
        return zones.get(name) in self._context.zones.lost

    def _start(self, name: str) -> None:
        if self._in_lost_zone(name):
            return  # it is started when the zone is back
        primary = None if name == self._primary else self._servers[self._primary]
        self._servers[name].start(tokens=self._tokens, parameters=self._parameters, primary=primary)
        self._started[name] = time.monotonic()
        self._booting.add(name)

    def _revive(self) -> None:
        for name in [
            name for name, server in self._servers.items() if server.pid and self._in_lost_zone(name)
        ]:
            log.warning("%s is lost with its zone", name)
            self._servers[name].kill()
            self._booting.discard(name)
        dead = [name for name, server in self._servers.items() if server.pid is None]
        if not dead:
            return
        if self._primary in dead and self._group.automatic_failover == "enabled" and self._candidates():
            log.warning("%s died; a replica takes over", self._primary)
            self._fail_over()
        for name in [name for name in dead if not self._in_lost_zone(name)]:
            started = self._started.get(name, 0.0)  # never, when its zone was lost from the beginning
            if self._servers[name].pid is None and time.monotonic() - started > _RESTART_PAUSE:
                log.warning("%s does not run; it is started", name)
                self._start(name)

    def _candidates(self) -> list[str]:
        return [
            name
            for name, server in self._servers.items()
            if name != self._primary and name not in self._booting and server.pid
        ]

    def _fail_over(self) -> None:
        """Lose the primary, promote a replica, bring the old primary back as a replica."""
        if not (candidates := self._candidates()):
            return  # a replica that still copies its data becomes one soon
        old, new = self._primary, candidates[0]
        self._servers[old].kill()
        self._servers[new].promote()
        self._primary = new
        for name in candidates[1:]:
            self._servers[name].follow(self._servers[new])
        self._group.failover_wanted = False
        self._start(old)
        self._lead_endpoints()
        log.info("replication group %s: %s is the primary now", self._group.replication_group_id, new)

    def _reboot(self) -> None:
        """Restart the members that are to be; nobody takes over from a primary, which comes back empty.

        Source: "Minimizing downtime … with Multi-AZ" of the User Guide, its notes on automatic failover.
        """
        while self._group.reboots_wanted:
            name = self._group.reboots_wanted.pop()
            if name not in self._servers:
                continue  # it was removed meanwhile
            self._servers[name].kill()
            if name == self._primary:
                log.warning("%s was the primary: its data is gone, and its replicas' with it", name)
                self._servers[name].forget()
            self._start(name)

    def _match_tokens(self) -> None:
        if self._group.auth_tokens != self._tokens:
            tokens = list(self._group.auth_tokens)
            for server in self._servers.values():
                server.set_tokens(tokens)
            self._tokens = tokens

    def _match_parameters(self, group: dict[str, str]) -> None:
        reserved = int(group.get(RESERVED_MEMORY_PERCENT, _DEFAULT_RESERVED_MEMORY))
        maxmemory = str(node_memory(self._group.cache_node_type) * (100 - reserved) // 100)
        wanted = {**group, "maxmemory": maxmemory}
        if wanted == self._wanted:
            return
        self._defaults = self._defaults or self._servers[self._primary].parameters()
        for name in wanted.keys() | self._wanted.keys():
            if wanted.get(name) != self._wanted.get(name):
                self._set(name, wanted.get(name))
        self._wanted = wanted

    def _set(self, name: str, value: str | None) -> None:
        if name not in self._defaults:
            log.info("parameter %s=%s has no body: it changes nothing in rehearsal", name, value)
            return
        try:
            for server in self._servers.values():
                server.configure(name, self._defaults[name] if value is None else value)
        except redis.ResponseError as error:
            log.error("Redis refuses the parameter %s=%s: %s", name, value, error)
        else:
            self._parameters[name] = self._defaults[name] if value is None else value

    def _lead_endpoints(self) -> None:
        primary = self._servers[self._primary]
        replicas = [self._servers[name] for name in self._candidates()]
        self._primary_endpoint.lead_to([(primary.address, primary.port)])
        self._reader_endpoint.lead_to([(server.address, server.port) for server in replicas or [primary]])

    def _describe(self) -> None:
        """Let the API say where the servers are and who is the primary."""
        group = self._group
        shard = group.node_groups[0]
        if self._booting or group.failover_wanted or group.reboots_wanted:
            status = group.status if group.status == "creating" else "modifying"
        else:
            status = "available"
            for name, endpoint in (
                ("primary_endpoint", self._primary_endpoint),
                ("reader_endpoint", self._reader_endpoint),
            ):
                shard[name] = {"address": endpoint.address, "port": endpoint.port}
        for member in members(group):
            name = member["cache_cluster_id"]
            if (server := self._servers.get(name)) is None:
                continue  # it was added meanwhile
            member["current_role"] = "primary" if name == self._primary else "replica"
            member["read_endpoint"] = {"address": server.address, "port": server.port}
        if group.status != "deleting":
            group.status = shard["status"] = status

    def _primary_at(self) -> tuple[str, int]:
        return self._primary_endpoint.address, self._primary_endpoint.port

    def _endpoint_addresses(self) -> list[str]:
        return [self._primary_endpoint.address, self._reader_endpoint.address]


def node_memory(cache_node_type: str) -> int:
    """Bytes that a node of this type can hold, reserved memory included."""
    hardware = INSTANCE_TYPES[cache_node_type.removeprefix("cache.")]
    return int(hardware["MemoryInfo"]["SizeInMiB"] * _MIB * _NODE_SHARE)
