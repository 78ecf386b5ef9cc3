"""The app's own role: it reads and writes rows, and owns nothing. Uses only what RDS' master user may do."""

from __future__ import annotations

from base64 import b64encode

from scramp import ScramMechanism  # type: ignore[import-untyped]  # it publishes no types

from migrator.names import quote
from migrator.postgres import Session
from migrator.settings import AppRole

ITERATIONS = 4096  # PostgreSQL's default scram_iterations


def ensure(session: Session, role: AppRole, ledger_tables: list[str]) -> None:
    """Makes the role or rotates its password, and grants it the rows of this schema, also of tables to come.

    The server gets a SCRAM verifier, so the password is in no log of it. The tables to come are those that
    the session's own user makes: default privileges belong to the maker.
    """
    name, secret = quote(role.name), verifier(role.password)
    known = session.rows("SELECT 1 FROM pg_roles WHERE rolname = CAST(:name AS name)", name=role.name)
    database, schema = (
        quote(part) for part in session.rows("SELECT current_database(), current_schema()")[0]
    )
    rows, numbers = "SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT, UPDATE"
    with session.transaction():
        session.run(f"{'ALTER' if known else 'CREATE'} ROLE {name} LOGIN PASSWORD '{secret}'")
        session.run(f"GRANT CONNECT ON DATABASE {database} TO {name}")
        session.run(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        session.run(f"GRANT {rows} ON ALL TABLES IN SCHEMA {schema} TO {name}")
        session.run(f"GRANT {numbers} ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
        session.run(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {rows} ON TABLES TO {name}")
        session.run(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {numbers} ON SEQUENCES TO {name}")
        session.run(f"REVOKE INSERT, UPDATE, DELETE ON {', '.join(ledger_tables)} FROM {name}")


def verifier(password: str) -> str:
    """PostgreSQL's form of a secret: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>."""
    mechanism = ScramMechanism("SCRAM-SHA-256")
    salt, stored_key, server_key, iterations = mechanism.make_auth_info(password, iteration_count=ITERATIONS)
    salt64, stored64, server64 = (b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${iterations}:{salt64}${stored64}:{server64}"
