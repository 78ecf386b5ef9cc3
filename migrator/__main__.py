"""The command: `python -m migrator <command> --migrations DIR`, or `python3 migrator-<sha256>.pyz <command>`.

`plan` shows what would run, `apply` runs it, `status` shows what has run, `verify` looks at the promised
indexes and the named queries, `bundle` makes the zipapp, in which the plan is included, `baseline` takes over
a database that has the schema already, and `check` judges what a change adds, without a database. Exit codes:
`migrator.errors`.
"""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from migrator import preview
from migrator.adopting.baseline import baseline
from migrator.applying import guards, sizes
from migrator.applying.apply import apply
from migrator.applying.inventory import Inventory
from migrator.attempt import Row
from migrator.checking import changes, check, formats
from migrator.errors import FolderError, MigratorError, SettingsError
from migrator.ledger import Ledger
from migrator.plan import Plan, PlannedMigration
from migrator.postgres import PostgresError, Session
from migrator.settings import AppRole, Patience, Resources, Server, Verification, add_flags, chosen
from migrator.tools import recognize
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
        code: int | None = parsed.run(parsed)
    except MigratorError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    except PostgresError as error:
        print(error, file=sys.stderr, flush=True)
        return MigratorError.exit_code
    except KeyboardInterrupt:
        print("interrupted: run again, it resumes where it stopped", file=sys.stderr, flush=True)
        return 130
    return code or 0


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
        ("baseline", _baseline, "record the migrations as applied in a database that has their schema"),
        ("check", _check, "judge what a change adds; exit code 1 when something is refused"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--migrations", type=Path, required=name in ("bundle", "check"), help="default: the bundle's own"
        )
        command.set_defaults(run=run)
        if name == "plan":
            command.add_argument("--all", action="store_true", help="show every statement of a long plan too")
        if name in ("apply", "baseline"):
            add_flags(command, Patience, os.environ)
        if name == "baseline":
            command.add_argument("--to", metavar="NAME", help="the last that is applied; default: all")
            command.add_argument("--anyway", metavar="REASON", help="record them although the schemas differ")
        if name == "apply":
            add_flags(command, Resources, os.environ)
            command.add_argument(
                "--verified",
                action="store_true",
                default=os.environ.get("MIGRATOR_VERIFIED") == "yes",
                help="the release is verified: run what waits for that, too",
            )
        if name in ("apply", "verify"):
            add_flags(command, Verification, os.environ)
        if name == "bundle":
            command.add_argument("--output", type=Path, required=True, help="folder for the zipapp")
        if name == "check":
            command.add_argument("--since", metavar="REF", help="check what is new since that commit")
            command.add_argument("--format", choices=formats.FORMATS, default="text", help="default text")
            command.add_argument("files", nargs="*", type=Path, help="or: the files to check")
    return parser


def _plan(arguments: Namespace) -> None:
    """Of a database that can be asked: what is pending and refused there, and how large its tables are."""
    plan, known, spared = _load(arguments.migrations), {}, 0
    if os.environ.get("PGHOST") or os.environ.get("DATABASE_URL"):
        with Session(Server.read(os.environ)) as session:
            ledger = Ledger(session, plan)
            pending = ledger.pending()
            judged = tuple(guards.judged(Inventory(session, ledger), pending))
            spared = _refused(item.migration for item in pending) - _refused(judged)
            plan = replace(plan, migrations=judged)
            known = {
                lock.table: str(size)
                for migration in judged
                for statement in migration.statements
                for lock in statement.locks
                if (size := sizes.of_table(session, lock.table))
            }
    say(preview.report(plan, sizes=known, spared=spared, everything=arguments.all))


def _refused(migrations: Iterable[PlannedMigration]) -> int:
    return sum(bool(statement.refusals) for item in migrations for statement in item.statements)


def _apply(arguments: Namespace) -> None:
    apply(
        _load(arguments.migrations),
        server=Server.read(os.environ),
        patience=chosen(Patience, arguments),
        resources=chosen(Resources, arguments),
        verification=chosen(Verification, arguments),
        role=AppRole.read(os.environ),
        verified=arguments.verified,
        say=say,
    )


def _status(arguments: Namespace) -> None:
    plan = _load(arguments.migrations)
    with Session(Server.read(os.environ)) as session:
        rows = [row for row in Ledger(session, plan).rows() if not row.rolled_back]
    planned = {migration.name: migration for migration in plan.migrations}
    states = {
        row.name: f"applied {row.finished}" if row.finished else _unfinished(row, planned.get(row.name))
        for row in rows
    }
    for name in sorted({*planned, *states}):
        newer = "" if name in planned else " (by another release)"
        say(f"{name}  {states.get(name, 'pending')}{newer}")


def _unfinished(row: Row, migration: PlannedMigration | None) -> str:
    if row.failed:
        return "failed"
    if migration and migration.waits and row.mark[0] == migration.before_verified:
        return "waits for a verified release"
    return "interrupted or running"


def _verify(arguments: Namespace) -> None:
    with Session(Server.read(os.environ)) as session:
        Verifier(session, _load(arguments.migrations), chosen(Verification, arguments), say).verify()


def _bundle(arguments: Namespace) -> None:
    from migrator.planning.bundle import build  # needs pglast, which a zipapp has not

    bundle = build(arguments.migrations, arguments.output)
    say(preview.short(bundle.plan))
    say(str(bundle.path))


def _baseline(arguments: Namespace) -> None:
    baseline(
        _load(arguments.migrations),
        server=Server.read(os.environ),
        patience=chosen(Patience, arguments),
        to=arguments.to,
        anyway=arguments.anyway,
        say=say,
    )


def _check(arguments: Namespace) -> int:
    if bool(arguments.since) == bool(arguments.files):
        raise SettingsError("check wants --since REF, or a list of files: give one of them")
    folder = arguments.migrations
    new = (
        changes.since(folder, arguments.since)
        if arguments.since
        else changes.of_files(folder, arguments.files)
    )
    checked = check.check(_load(folder), new, folder)
    say(formats.FORMATS[arguments.format](checked))
    return 1 if checked.refused else 0


def _load(migrations: Path | None) -> Plan:
    if migrations:
        from migrator.planning import planner  # needs pglast, which a zipapp has not

        tool, found = recognize.read(migrations)
        return planner.make(found, tool=tool.name)
    bundled = files("migrator") / "plan.json"
    if not bundled.is_file():
        raise FolderError("no migrations: give --migrations DIR, or run a bundle")
    return Plan.from_json(bundled.read_text())


def say(line: str) -> None:
    """A line that a deployer sees at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(run())
