"""Redis and Postgres, as a server sees them."""

import json
from typing import Any

import pytest

from pytest_evenkeel.server import ServingInstance, node
from pytest_evenkeel.survey import Question

STORES = Question(node("stores.cjs", {"key": None}))
INSUFFICIENT_ENCRYPTION = "28000"
"""SQLSTATE invalid_authorization_specification: `no pg_hba.conf entry … no encryption`."""


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize("store", ["sessions", "cache"])
def test_redis_is_spoken_to_in_tls_alone(server: ServingInstance, store: str) -> None:
    """The app's address says so, its certificate is the host's, and plain text gets no answer."""
    seen = stores(server)[store]
    assert seen["scheme"] == "rediss:"
    assert seen["tls"] in ("TLSv1.2", "TLSv1.3")
    assert not seen["plain"].startswith(("+", "-NOAUTH"))


@pytest.mark.usefixtures("database")
def test_postgres_is_spoken_to_in_tls_alone(server: ServingInstance) -> None:
    """The app's address asks for it, the certificate is verified, the database refuses plain connections."""
    seen = stores(server)["database"]
    assert seen["mode"] == "verify-full"
    assert seen["tls"] in ("TLSv1.2", "TLSv1.3")
    assert seen["plain"] == INSUFFICIENT_ENCRYPTION


def stores(server: ServingInstance) -> Any:
    """What stores.cjs sees."""
    return json.loads(server.told(STORES))
