"""The phases of an index build, by PostgreSQL's names, and how each is held for as long as a test wants.

https://www.postgresql.org/docs/current/progress-reporting.html#CREATE-INDEX-PROGRESS-REPORTING names them.
Those that wait for nothing that a user could make last are caught as they pass, and their process is stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.migrations.table import HeldTable

SCAN = "building index: scanning table"
Start = Callable[[], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildPhase:
    """`hold` starts the build such that it stays in the phase until `table.release`."""

    promise: str
    name: str
    hold: Callable[[HeldTable, Start], None]

    def reach(self, table: HeldTable, start: Start) -> int:
        """Starts the build and waits until it is held; the pid of its backend."""
        self.hold(table, start)
        return table.reaches(self.name)


def _before_build(table: HeldTable, start: Start) -> None:
    table.writer()
    start()


def _scan(table: HeldTable, start: Start) -> None:
    table.locked_row(-1)
    start()


def _before_validation(table: HeldTable, start: Start) -> None:
    """The build has waited for older writers; this one comes during its scan."""
    row = table.locked_row(-1)
    start()
    table.reaches(SCAN)
    table.writer()
    row.run("SELECT pg_advisory_unlock_all()")


def _validation(table: HeldTable, start: Start) -> None:
    """What is written during the scan is not in the index yet: the validation has to look at it."""
    first = table.locked_row(-1)
    table.locked_row(-2)
    start()
    table.reaches(SCAN)
    table.run(f"INSERT INTO {table.name} VALUES (-2)")
    first.run("SELECT pg_advisory_unlock_all()")


def _old_snapshots(table: HeldTable, start: Start) -> None:
    table.reader_elsewhere()
    start()


def _caught(name: str, promise: str) -> BuildPhase:
    def hold(table: HeldTable, start: Start) -> None:
        table.fill()
        start()
        table.stops_in(name)

    return BuildPhase(promise=promise, name=name, hold=hold)


BEFORE_BUILD = BuildPhase(
    promise="waits-for-writers-before-the-build", name="waiting for writers before build", hold=_before_build
)
SCANNING = BuildPhase(promise="scans-the-table", name=SCAN, hold=_scan)
BEFORE_VALIDATION = BuildPhase(
    promise="waits-for-writers-before-the-validation",
    name="waiting for writers before validation",
    hold=_before_validation,
)
VALIDATION = BuildPhase(
    promise="validates-the-index", name="index validation: scanning table", hold=_validation
)
OLD_SNAPSHOTS = BuildPhase(
    promise="waits-for-old-snapshots", name="waiting for old snapshots", hold=_old_snapshots
)
SORTING = _caught("building index: sorting live tuples", "sorts-the-rows")
LOADING = _caught("building index: loading tuples in tree", "writes-the-index")
VALIDATION_SCAN = _caught("index validation: scanning index", "reads-the-index-to-validate-it")
VALIDATION_SORT = _caught("index validation: sorting tuples", "sorts-the-index-to-validate-it")
PHASES = (BEFORE_BUILD, SCANNING, BEFORE_VALIDATION, VALIDATION, OLD_SNAPSHOTS)
