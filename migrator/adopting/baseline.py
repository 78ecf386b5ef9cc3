"""Records a history as applied in a database that has its schema already, and only then.

What the history would build is built, in a database of its own on the same server, and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from secrets import token_hex

from migrator.adopting import catalogue
from migrator.applying import guards, lock
from migrator.applying.apply import apply
from migrator.errors import BaselineDiffers, SettingsError
from migrator.ledger import Ledger
from migrator.names import quote
from migrator.plan import Plan
from migrator.postgres import Session
from migrator.settings import Patience, Resources, Server, Verification

SHOWN = 40
"""Differences that an error lists."""


def baseline(
    plan: Plan,
    *,
    server: Server,
    patience: Patience,
    to: str | None,
    anyway: str | None,
    say: Callable[[str], None],
) -> None:
    """Records the migrations up to and including `to`, or all; what is recorded already stays as it is.

    `anyway` is a reason to record them although the schemas differ; it is kept in the ledger. Raises
    BaselineDiffers, SettingsError, and what `apply` raises.
    """
    part = _up_to(plan, to)
    with Session(server) as session:
        guards.refuse_server(session, server)
        lock.take(session, wait=patience.wait_for_lock, say=say)
        ledger = Ledger(session, part)
        there = catalogue.lines(session, hidden=ledger.tables)
        with _scratch(session, server) as scratch:
            say(f"building what {len(part.migrations)} migrations make, in the database {scratch.database}")
            apply(
                replace(part, promises=(), queries=()),
                server=scratch,
                patience=patience,
                resources=Resources(),
                verification=Verification(),
                role=None,
                verified=True,
                say=_say_nothing,
            )
            with Session(scratch) as other:
                built = catalogue.lines(other, hidden=ledger.tables)
        differences = [f"- {line}" for line in sorted(built - there)]
        differences += [f"+ {line}" for line in sorted(there - built)]
        if differences and not anyway:
            raise BaselineDiffers(_difference(differences, scratch.host))
        for line in differences:
            say(line)
        ledger.make()
        recorded = ledger.record_applied(note=anyway or "")
    say(f"{recorded} migrations recorded as applied, {len(part.migrations) - recorded} were before")
    if differences:
        say(f"{len(differences)} differences accepted: {anyway}")


def _say_nothing(_: str) -> None:
    """What the scratch database gets, nobody has to read."""


def _up_to(plan: Plan, name: str | None) -> Plan:
    names = [migration.name for migration in plan.migrations]
    if name is None:
        return plan
    if name not in names:
        raise SettingsError(
            f"--to is {name!r}, which is no migration: the newest is {(names or ['none'])[-1]}"
        )
    return replace(plan, migrations=plan.migrations[: names.index(name) + 1])


@contextmanager
def _scratch(session: Session, server: Server) -> Iterator[Server]:
    """An empty database beside the one that is adopted, dropped at the end."""
    name = f"migrator_baseline_{token_hex(4)}"
    session.run(f"CREATE DATABASE {quote(name)} TEMPLATE template0")
    try:
        yield replace(server, database=name)
    finally:
        session.run(f"DROP DATABASE IF EXISTS {quote(name)} WITH (FORCE)")


def _difference(lines: list[str], host: str) -> str:
    more = f"\n… and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return (
        f"the database on {host} is not what the migrations make "
        f"(- only the migrations make it, + only the database has it):\n"
        + "\n".join(lines[:SHOWN])
        + more
        + "\nMake them equal: add what the database has as a migration, or change the database. "
        "If only the newest migrations are not there yet, end before them: --to NAME. "
        "If the difference is meant: --anyway REASON"
    )
