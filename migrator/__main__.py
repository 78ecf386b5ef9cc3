"""The command: `python -m migrator <command> --migrations DIR`, or `python3 migrator-<sha256>.pyz <command>`.

`plan` shows what would run, `apply` runs it, `status` shows what has run, `verify` looks at the promised
indexes and the named queries, and `bundle` makes the zipapp, in which the plan is included. Exit codes:
`migrator.errors`.
"""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from migrator import preview
from migrator.applying import sizes
from migrator.applying.apply import apply
from migrator.errors import FolderError, MigratorError
from migrator.ledger import Ledger
from migrator.plan import Plan
from migrator.postgres import PostgresError, Session
from migrator.settings import AppRole, Patience, Resources, Server, Verification, add_flags, chosen
from migrator.verifying.verify import Verifier


def run() -> int:
    """The program: SIGTERM, with which ECS stops a task, ends it as Ctrl-C does.

    Process 1 of a container, and a shell's background job, would otherwise not even notice.
    """
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, signal.default_int_handler)
    return main()


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except MigratorError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    except PostgresError as error:
        print(error, file=sys.stderr, flush=True)
        return MigratorError.exit_code
    except KeyboardInterrupt:
        print("interrupted: run again, it resumes where it stopped", file=sys.stderr, flush=True)
        return 130
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="migrator", description="Applies SQL migrations to a live PostgreSQL database."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, run, text in (
        ("plan", _plan, "show what runs, and how"),
        ("apply", _apply, "apply what is pending"),
        ("status", _status, "show what has been applied"),
        ("verify", _verify, "check the promised indexes and the named queries"),
        ("bundle", _bundle, "make the zipapp"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--migrations", type=Path, required=name == "bundle", help="default: the bundle's own"
        )
        command.set_defaults(run=run)
        if name == "apply":
            add_flags(command, Patience, os.environ)
            add_flags(command, Resources, os.environ)
        if name in ("apply", "verify"):
            add_flags(command, Verification, os.environ)
        if name == "bundle":
            command.add_argument("--output", type=Path, required=True, help="folder for the zipapp")
    return parser


def _plan(arguments: Namespace) -> None:
    """Of a database that can be asked: what is pending there, and how large its tables are."""
    plan, known = _load(arguments.migrations), {}
    if os.environ.get("PGHOST"):
        with Session(Server.read(os.environ)) as session:
            pending = tuple(item.migration for item in Ledger(session).pending(plan))
            plan = replace(plan, migrations=pending)
            known = {
                lock.table: str(size)
                for migration in pending
                for statement in migration.statements
                for lock in statement.locks
                if (size := sizes.of_table(session, lock.table))
            }
    say(preview.full(plan, sizes=known))


def _apply(arguments: Namespace) -> None:
    apply(
        _load(arguments.migrations),
        server=Server.read(os.environ),
        patience=chosen(Patience, arguments),
        resources=chosen(Resources, arguments),
        verification=chosen(Verification, arguments),
        role=AppRole.read(os.environ),
        say=say,
    )


def _status(arguments: Namespace) -> None:
    plan = _load(arguments.migrations)
    with Session(Server.read(os.environ)) as session:
        rows = [row for row in Ledger(session).rows() if not row.rolled_back]
    states = {
        row.name: f"applied {row.finished}" if row.finished else _unfinished(row.failed) for row in rows
    }
    planned = [migration.name for migration in plan.migrations]
    for name in sorted({*planned, *states}):
        newer = "" if name in planned else " (by another release)"
        say(f"{name}  {states.get(name, 'pending')}{newer}")


def _unfinished(failed: bool) -> str:
    return "failed" if failed else "interrupted or running"


def _verify(arguments: Namespace) -> None:
    with Session(Server.read(os.environ)) as session:
        Verifier(session, _load(arguments.migrations), chosen(Verification, arguments), say).verify()


def _bundle(arguments: Namespace) -> None:
    from migrator.planning.bundle import build  # needs pglast, which a zipapp has not

    bundle = build(arguments.migrations, arguments.output)
    say(preview.short(bundle.plan))
    say(str(bundle.path))


def _load(migrations: Path | None) -> Plan:
    if migrations:
        from migrator import folder  # needs pglast, which a zipapp has not
        from migrator.planning import planner

        return planner.make(folder.read(migrations))
    bundled = files("migrator") / "plan.json"
    if not bundled.is_file():
        raise FolderError("no migrations: give --migrations DIR, or run a bundle")
    return Plan.from_json(bundled.read_text())


def say(line: str) -> None:
    """A line that a deployer sees at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(run())
