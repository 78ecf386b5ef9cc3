"""What is killed, and what the deployer is told of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.engine import Engine, kill
from tests.faults.phases import Phase
from tests.faults.stage import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Kill:
    """`of` gets the running `up` and the pid of the build's backend."""

    promise: str
    of: Callable[[Stage, Engine, int], None]
    told: str | None
    """What that `up` fails with; None for the engine, which says no more."""
    follows: str | None
    """What the next `up` waits for while the build is still held; None when the build is gone too."""
    attempts: int
    """Rows of the bookkeeping in the end."""
    breaks_connections: bool

    def hit(self, stage: Stage, phase: Phase) -> None:
        """Deploys, and kills in that phase; that `up` has ended then, and what holds the build goes on."""
        backend = phase.reach(stage.table, stage.up)
        up = stage.engines[-1]
        self.of(stage, up, backend)
        if self.told:
            up.failed(self.told)


def _migrator(stage: Stage, up: Engine, backend: int) -> None:
    kill(stage.pids("ECS task"))


def _engine(stage: Stage, up: Engine, backend: int) -> None:
    up.kill()
    stage.unlock()


def _backend(stage: Stage, up: Engine, backend: int) -> None:
    stage.table.run(f"SELECT pg_terminate_backend({backend})")


def _server(stage: Stage, up: Engine, backend: int) -> None:
    """The postmaster first, so that it starts nothing more; each of its children leads a session."""
    (postmaster,) = stage.pids("DB instance")
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    kill([postmaster, *map(int, children)])
    stage.table.answers()


MIGRATOR = Kill(
    promise="the-migrator-killed",
    of=_migrator,
    told="failed with exit code 137",
    follows="waiting for the migration lock, held by pid",
    attempts=2,
    breaks_connections=False,
)
ENGINE = Kill(
    promise="the-engine-killed",
    of=_engine,
    told=None,
    follows="runs already: another deployer started it; following it",
    attempts=1,
    breaks_connections=False,
)
BACKEND = Kill(
    promise="its-connection-ended",
    of=_backend,
    told="ConnectionFailed: lost the connection to",
    follows=None,
    attempts=2,
    breaks_connections=False,
)
SERVER = Kill(
    promise="the-server-killed",
    of=_server,
    told="ConnectionFailed: lost the connection to",
    follows=None,
    attempts=2,
    breaks_connections=True,
)
KILLS = (MIGRATOR, ENGINE, BACKEND, SERVER)
