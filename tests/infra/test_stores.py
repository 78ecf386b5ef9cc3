"""Redis and Postgres, as a server sees them."""

from functools import cache
from typing import Any

import pytest

from tests.infra.server import ServingInstance

INSUFFICIENT_ENCRYPTION = "28000"
"""SQLSTATE invalid_authorization_specification: `no pg_hba.conf entry … no encryption`."""


@pytest.mark.parametrize("store", ["sessions", "cache"])
def test_redis_is_spoken_to_in_tls_alone(server: ServingInstance, store: str) -> None:
    """The app's address says so, its certificate is the host's, and plain text gets no answer."""
    seen = stores(server)[store]
    assert seen["scheme"] == "rediss:"
    assert seen["tls"] in ("TLSv1.2", "TLSv1.3")
    assert not seen["plain"].startswith(("+", "-NOAUTH"))


def test_postgres_is_spoken_to_in_tls_alone(server: ServingInstance) -> None:
    """The app's address asks for it, the certificate is verified, the database refuses plain connections."""
    seen = stores(server)["database"]
    assert seen["mode"] == "verify-full"
    assert seen["tls"] in ("TLSv1.2", "TLSv1.3")
    assert seen["plain"] == INSUFFICIENT_ENCRYPTION


def test_every_worker_is_connected_to_both(server: ServingInstance) -> None:
    """On the ports that the two checks above have seen to be TLS only."""
    seen = stores(server)
    connections = server.host.check_output("ss --no-header --tcp --numeric --processes state established")
    for pid in server.pids():
        own = [line.split()[3] for line in connections.splitlines() if f"pid={pid}," in line]
        ports = {peer.rsplit(":", 1)[1] for peer in own}
        assert {seen["sessions"]["port"], seen["database"]["port"]} <= ports


@cache
def stores(server: ServingInstance) -> Any:
    """What stores.cjs sees, asked once."""
    return server.node("stores.cjs", {"key": None})
