"""The migrator killed with SIGKILL at random moments: it ends as psql does, with every row."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator.__main__ import main
from migrator.adopting import catalogue
from migrator.postgres import Session
from migrator.settings import Server
from testkit.postgres_server import MigratorPostgres
from tests.migrator.conftest import OwnedDatabase, new_database

HISTORY = [
    """CREATE TYPE mood AS ENUM ('a', 'b');
       CREATE TABLE t (id int PRIMARY KEY, x int, m mood DEFAULT 'a');
       INSERT INTO t SELECT n, n FROM generate_series(1, 2000) n;
       CREATE INDEX t_x ON t (x);""",
    """CREATE TABLE u (id int REFERENCES t, x int);
       INSERT INTO u SELECT id, x FROM t;
       CREATE UNIQUE INDEX u_id ON u (id);
       ALTER TABLE u ALTER x SET DEFAULT 7;""",
    """BEGIN;
       CREATE TYPE mood_new AS ENUM ('a', 'b', 'c');
       ALTER TABLE t ALTER m DROP DEFAULT;
       ALTER TABLE t ALTER m TYPE mood_new USING m::text::mood_new;
       ALTER TYPE mood RENAME TO mood_old;
       ALTER TYPE mood_new RENAME TO mood;
       DROP TYPE mood_old;
       COMMIT;
       ALTER TABLE t ALTER m SET DEFAULT 'b';
       CREATE INDEX t_m ON t (m) WHERE x > 100;""",
    """CREATE SCHEMA app;
       SET search_path = app, public;
       CREATE TABLE v (id int, x int);
       CREATE INDEX v_x ON v (x);
       INSERT INTO v SELECT id, x FROM t WHERE id > 500;
       ALTER TABLE v ADD y text;""",
    """CREATE TEMP TABLE chosen AS SELECT id FROM t WHERE x % 3 = 0;
       CREATE INDEX ON chosen (id);
       UPDATE t SET x = -x WHERE id IN (SELECT id FROM chosen);
       DROP TABLE chosen;
       DROP INDEX t_x;
       CREATE INDEX t_x_id ON t (x, id);""",
    """DO $$ BEGIN EXECUTE 'ALTER INDEX t_x_id RENAME TO t_x_again'; END $$;
       ALTER TABLE t RENAME TO w;
       CREATE VIEW of_w AS SELECT id, m FROM w;
       ALTER TABLE w ALTER x TYPE bigint;
       CREATE INDEX w_m ON w (m);""",
    """SET search_path = public;
       -- migrator: in batches of 100 by id
       UPDATE w SET x = x + 1 WHERE id % 2 = 0;
       -- migrator: in batches of 200 by id
       DELETE FROM w WHERE id > 1500 AND NOT EXISTS (SELECT FROM u WHERE u.id = w.id);
       -- migrator: after verified
       CREATE INDEX w_x ON w (x);""",
]
KILLS = 50
"""With all processes that are killed; `make soak` has twenty times as many."""
ROWS = """\
SELECT concat_ws(' ', (SELECT count(*) FROM w), (SELECT sum(x) FROM w), (SELECT sum(id + x) FROM u),
                 (SELECT sum(id + x) FROM app.v))"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The schema and the rows that plain SQL makes of the history, and the seconds of a whole run here."""

    state: tuple[set[str], str]
    seconds: float


@pytest.fixture(scope="module")
def wanted(server: MigratorPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wanted]:
    with new_database(server, "wanted", tmp_path_factory.mktemp("wanted")) as database:
        for sql in HISTORY:
            database.session().run(sql)
        made = state(database)
    with prepared(server, "timed", tmp_path_factory.mktemp("timed")) as database:
        started = time.monotonic()
        assert not killed(database, after=60)
        yield Wanted(state=made, seconds=time.monotonic() - started)


@contextmanager
def prepared(server: MigratorPostgres, name: str, folder: Path) -> Iterator[OwnedDatabase]:
    """An empty database, and the history's files."""
    with new_database(server, name, folder) as database:
        for place, sql in enumerate(HISTORY):
            database.write(str(place), sql)
        yield database


def state(database: OwnedDatabase) -> tuple[set[str], str]:
    with Session(Server.read(database.environment)) as session:
        return catalogue.lines(session, hidden=["public._prisma_migrations"]), session.run(ROWS)[0][0]


def killed(database: OwnedDatabase, after: float) -> bool:
    """Starts the migrator in a process of its own and kills it; False when it had ended before."""
    process = multiprocessing.get_context("fork").Process(target=apply, args=(database,))
    process.start()
    process.join(after)
    if process.exitcode is not None:
        assert process.exitcode == 0
        return False
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return True


def apply(database: OwnedDatabase) -> None:
    """In the child, whose output nobody reads."""
    os.environ.update(database.environment)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    os._exit(main(["apply", "--migrations", str(database.folder)]))


def test_a_history_survives_any_kill(
    server: MigratorPostgres, wanted: Wanted, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Of the migrator, several times in each history; every moment of a run is as likely."""
    seed = int(time.time())
    chance, kills, histories = random.Random(seed), 0, 0
    while kills < KILLS * pytestconfig.getoption("times"):
        histories += 1
        folder = tmp_path / str(histories)
        folder.mkdir()
        with prepared(server, f"killed_{histories}", folder) as database:
            for _ in range(10):
                kills += killed(database, after=chance.uniform(0, wanted.seconds))
            done = database.run_here("apply")
            told = f"seed {seed}, history {histories}, after {kills} kills:\n{done.stdout}{done.stderr}"
            assert done.returncode == 0, told
            assert state(database) == wanted.state, told
    print(f"seed {seed}: {kills} kills in {histories} histories")


def test_a_lost_row_and_a_lost_index_are_noticed(
    server: MigratorPostgres, wanted: Wanted, tmp_path: Path
) -> None:
    """Else the comparison would prove nothing."""
    with new_database(server, "different", tmp_path) as database:
        for sql in HISTORY:
            database.session().run(sql)
        assert state(database) == wanted.state
        database.rows("DELETE FROM app.v WHERE id = 700")
        assert state(database)[1] != wanted.state[1]
        database.rows("DROP INDEX app.v_x")
        assert state(database)[0] != wanted.state[0]
