"""The principle: nothing that destroys or rewrites rows from before the run commits without an allowance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from migrator.applying.rows import Rows
from migrator.postgres import Session
from testkit.postgres_server import MigratorPostgres
from tests.migrator.conftest import OwnedDatabase, new_database
from tests.migrator.histories import BEFORE, GOES_ON, OUTSIDER, STOPS, histories

BRIEF = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TABLES = """\
SELECT CAST(oid AS int) FROM pg_class WHERE relkind = 'r' AND relname <> '_prisma_migrations'
AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 's'))"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A table's file, columns by number, and rows by their place and the transaction that wrote them."""

    file: int
    columns: set[int]
    rows: set[tuple[str, str]]

    def kept_by(self, later: Content | None) -> bool:
        return (
            later is not None
            and later.file == self.file
            and self.columns <= later.columns
            and self.rows <= later.rows
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Tables:
    """The tables that are there now."""

    session: Session
    contents: dict[int, Content]

    @classmethod
    def of(cls, session: Session) -> Tables:
        found = {oid: content(session, oid) for (oid,) in session.rows(TABLES)}
        return cls(session=session, contents={oid: item for oid, item in found.items() if item})

    def only(self, oid: int) -> Tables:
        return Tables(session=self.session, contents={oid: self.contents[oid]})

    def lost(self) -> list[int]:
        """Those that are not as they were, whatever they are called by now."""
        return [oid for oid, item in self.contents.items() if not item.kept_by(content(self.session, oid))]


def content(session: Session, oid: int) -> Content | None:
    """None when the table is gone."""
    found = session.rows(
        f"""SELECT relfilenode, CAST(CAST(oid AS regclass) AS text), ARRAY(SELECT attnum FROM pg_attribute
            WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) FROM pg_class c WHERE oid = {oid}"""
    )
    if not found:
        return None
    file, name, columns = found[0]
    rows = session.rows(f"SELECT CAST(ctid AS text), CAST(xmin AS text) FROM ONLY {name}")
    return Content(file=file, columns=set(columns), rows={(place, writer) for place, writer in rows})


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """One database for all histories, with somebody who is connected to it."""

    database: OwnedDatabase
    app: Session


@pytest.fixture(scope="module")
def shared(server: MigratorPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with new_database(server, "histories", tmp_path_factory.mktemp("histories")) as database:
        yield Shared(database=database, app=database.session())


def deploy(shared: Shared, scripts: list[str]) -> list[int]:
    """Applies the scripts to tables with rows; again, where they stop. Returns the tables that lost some."""
    database, app = shared.database, shared.app
    app.run(BEFORE)
    for number in range(max(len(scripts), len(list(database.folder.iterdir())))):
        database.write(f"{number:02}", scripts[number] if number < len(scripts) else "")
    before = Tables.of(app)
    if "division by zero" not in database.run_here("apply").stderr:
        return before.lost()
    app.run(OUTSIDER)
    outsider = Tables.of(app).only(app.rows("SELECT CAST(CAST('outsider' AS regclass) AS int)")[0][0])
    for number, script in enumerate(scripts):
        database.write(f"{number:02}", script.replace(STOPS, GOES_ON))
    database.run_here("apply")
    return before.lost() + outsider.lost()


@BRIEF
@given(scripts=histories())
def test_no_row_is_lost_without_an_allowance(shared: Shared, scripts: list[str]) -> None:
    """Through renames, schemas, search paths, swaps, blocks, views, functions, rules, and resumed runs."""
    assert deploy(shared, scripts) == []


@pytest.mark.long
@settings(BRIEF, max_examples=500, derandomize=False)
@given(scripts=histories())
def test_no_row_is_lost_in_five_hundred_histories(shared: Shared, scripts: list[str]) -> None:
    """The same, with others at each run."""
    assert deploy(shared, scripts) == []


def test_without_the_guard_rows_are_lost(shared: Shared) -> None:
    """Else the property would prove nothing: with names looked up before the run alone, it finds D0."""

    def nothing(*_: object) -> None: ...

    with (
        patch.object(Rows, "_refuse_names", nothing),
        patch.object(Rows, "_refuse_effects", nothing),
        pytest.raises(AssertionError),
    ):
        test_no_row_is_lost_without_an_allowance(shared)
