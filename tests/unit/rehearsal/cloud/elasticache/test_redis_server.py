"""Redis' configuration file, as text."""

import hashlib
from pathlib import Path

from rehearsal.cloud.certificates import CertificateFiles
from rehearsal.cloud.elasticache.redis_server import quote, render

TOKEN = "token-of-a-client"
TLS = CertificateFiles(certificate=Path("/state/server.crt"), key=Path("/state/server.key"))


def rendered(
    *,
    tls: CertificateFiles | None = TLS,
    tokens: tuple[str, ...] = (TOKEN,),
    parameters: dict[str, str] | None = None,
    primary: tuple[str, int] | None = None,
) -> list[str]:
    return render(
        listen=("127.9.0.1", 6379),
        folder=Path("/state/with space"),
        tls=tls,
        ca=Path("/state/ca.pem"),
        admin_password="admin",
        tokens=tokens,
        parameters=parameters or {},
        primary=primary,
    ).splitlines()


def test_with_tls_there_is_no_plain_port() -> None:
    """And replication is encrypted too."""
    assert {"port 0", "tls-port 6379", "tls-replication yes", "tls-auth-clients no"} < set(rendered())
    assert "port 6379" in rendered(tls=None)


def test_tokens_are_stored_as_hashes() -> None:
    """Two while they rotate, none when the group has no AUTH."""
    both = rendered(tokens=(TOKEN, "other"))
    assert TOKEN not in "\n".join(both)
    hashes = [f"#{hashlib.sha256(token.encode()).hexdigest()}" for token in (TOKEN, "other")]
    assert any(line.startswith(f"user default on {hashes[0]} {hashes[1]} ~*") for line in both)
    assert any(line.startswith("user default on nopass ~*") for line in rendered(tokens=()))


def test_clients_may_not_reconfigure_the_server() -> None:
    """As on ElastiCache."""
    rules = next(line for line in rendered() if line.startswith("user default"))
    assert {"-config", "-replicaof", "-shutdown", "-debug"} < set(rules.split())


def test_a_replica_follows_its_primary_and_parameters_are_quoted() -> None:
    """Paths with spaces are one word."""
    lines = rendered(primary=("127.9.0.2", 6380), parameters={"maxmemory-policy": "noeviction"})
    assert "replicaof 127.9.0.2 6380" in lines
    assert 'maxmemory-policy "noeviction"' in lines
    assert 'dir "/state/with space"' in lines
    assert quote('a"b\\') == '"a\\"b\\\\"'
