"""What is killed, and what the deployer is told of it."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import boto3

from rehearsal.machine import as_root
from testkit.deployer import Deployer, kill
from tests.faults.migrations.stage import MigrationStage


@dataclass(frozen=True, kw_only=True, slots=True)
class Kill:
    """`of` gets the running `up` and the pid of the statement's backend."""

    promise: str
    of: Callable[[MigrationStage, Deployer, int], None]
    told: str | None
    """What that `up` fails with; None for the engine, which says no more."""
    follows: str | None
    """What the next `up` waits for while the build is still held; None when the build is gone too."""
    attempts: int
    """Rows of the bookkeeping in the end."""
    breaks_connections: bool

    def hit(self, stage: MigrationStage, backend: int) -> None:
        """Kills during the last `up`, which has ended then; what holds the statement goes on."""
        up = stage.deployers[-1]
        self.of(stage, up, backend)
        if self.told:
            up.failed(self.told)


def _migrator(stage: MigrationStage, *_: object) -> None:
    (container,) = stage.pids("ECS task")
    kill([container])


def _task(*_: object) -> None:
    """As an operator does, and the deployer itself after `migrations.timeout`."""
    ecs = boto3.client("ecs")
    for cluster in ecs.list_clusters()["clusterArns"]:
        for task in ecs.list_tasks(cluster=cluster)["taskArns"]:
            ecs.stop_task(cluster=cluster, task=task)


def _engine(stage: MigrationStage, up: Deployer, _: int) -> None:
    up.kill()
    stage.unlock()


def _connection(stage: MigrationStage, _: Deployer, backend: int) -> None:
    stage.table.run(f"SELECT pg_terminate_backend({backend})")
    stage.table.resume()  # a stopped process would not notice


def _cut(stage: MigrationStage, _: Deployer, backend: int) -> None:
    """The kernel aborts the migrator's side, and the server's with it: no goodbye from either."""
    query = f"SELECT host(client_addr), client_port FROM pg_stat_activity WHERE pid = {backend}"
    ((address, port),) = stage.table.run(query)
    closed = subprocess.run(
        [*as_root(), "ss", "--kill", "--tcp", "--no-header", "src", f"{address}:{port}"],
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    assert f":{port}" in closed, "this kernel closes no sockets for `ss --kill` (CONFIG_INET_DIAG_DESTROY)"


def _backend_process(stage: MigrationStage, _: Deployer, backend: int) -> None:
    """As the kernel does when memory is short; the postmaster then ends every session."""
    kill([backend])
    stage.table.answers()


def _server(stage: MigrationStage, *_: object) -> None:
    """The postmaster first, so that it starts nothing more; each of its children leads a session."""
    (postmaster,) = stage.pids("DB instance")
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    kill([postmaster, *map(int, children)])
    stage.table.answers()


LOST = "ConnectionFailed: lost the connection to"
HELD = "waiting for the migration lock, held by pid"
MIGRATOR = Kill(
    promise="the-migrator-killed",
    of=_migrator,
    told="failed with exit code 137",
    follows=HELD,
    attempts=2,
    breaks_connections=False,
)
TASK = Kill(
    promise="the-task-stopped",
    of=_task,
    told="interrupted: run again, it resumes where it stopped",
    follows=HELD,
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
CONNECTION = Kill(
    promise="its-connection-ended",
    of=_connection,
    told=LOST,
    follows=None,
    attempts=2,
    breaks_connections=False,
)
CUT = Kill(
    promise="its-connection-cut",
    of=_cut,
    told=LOST,
    follows=HELD,
    attempts=2,
    breaks_connections=False,
)
BACKEND = Kill(
    promise="its-backend-killed",
    of=_backend_process,
    told=LOST,
    follows=None,
    attempts=2,
    breaks_connections=True,
)
SERVER = Kill(
    promise="the-server-killed",
    of=_server,
    told=LOST,
    follows=None,
    attempts=2,
    breaks_connections=True,
)
KILLS = (MIGRATOR, ENGINE, CONNECTION, SERVER)
