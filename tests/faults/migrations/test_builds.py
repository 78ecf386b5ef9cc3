"""An index build that is hit at each of its phases, under write load: the next `pulumi up` ends it well."""

from itertools import cycle, product

import pytest

from tests.conftest import TIMES
from tests.faults.migrations.kills import (
    BACKEND,
    CONNECTION,
    CUT,
    ENGINE,
    KILLS,
    MIGRATOR,
    SERVER,
    TASK,
    Kill,
)
from tests.faults.migrations.phases import (
    LOADING,
    OLD_SNAPSHOTS,
    PHASES,
    SCANNING,
    SORTING,
    VALIDATION_SCAN,
    VALIDATION_SORT,
    BuildPhase,
)
from tests.faults.migrations.problems import problems
from tests.faults.migrations.stage import MigrationStage

MORE = ((TASK, SCANNING), (CUT, OLD_SNAPSHOTS), (BACKEND, SCANNING))
# Each of the phases that pass, each kill: what a build leaves changes only between those that are held.
PASSING = (
    (MIGRATOR, SORTING),
    (SERVER, LOADING),
    (CONNECTION, VALIDATION_SCAN),
    (ENGINE, VALIDATION_SORT),
)
PAIRED = tuple(zip(cycle(KILLS), PHASES, strict=False))
"""Each kill and each phase that is held, once. `make soak` has every kill in every phase."""
QUICK = PAIRED[:1]
"""What `make test` has; `make test-long` has the others."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case for each kill in a phase."""
    if "kill" in metafunc.fixturenames:
        held = product(KILLS, PHASES) if metafunc.config.getoption("--times") > TIMES else PAIRED
        cases = [
            pytest.param(
                kill,
                phase,
                id=f"{kill.promise}-while-it-{phase.promise}",
                marks=[] if (kill, phase) in QUICK else pytest.mark.long,
            )
            for kill, phase in [*held, *MORE, *PASSING]
        ]
        metafunc.parametrize(("kill", "phase"), cases)


def test_a_build_survives(stage: MigrationStage, kill: Kill, phase: BuildPhase) -> None:
    """Who deploys is told; the next `up` leaves a valid index, one finished attempt and no lost write."""
    kill.hit(stage, phase.reach(stage.table, stage.up))
    again = stage.up()
    if kill.follows:
        again.says(kill.follows)
    stage.table.release()
    again.succeeded()
    assert problems(stage) == []
    assert len(stage.attempts) == kill.attempts
    assert bool(stage.load.broken) == kill.breaks_connections


def test_a_build_that_is_not_run_again_has_problems(stage: MigrationStage) -> None:
    """The twin: the same checks tell what a killed build has left."""
    CONNECTION.hit(stage, OLD_SNAPSHOTS.reach(stage.table, stage.up))
    stage.table.release()
    assert problems(stage) == [
        f"{stage.table.index} is invalid",
        "of the last attempt (finished, rolled back) is (False, False)",
        "the schema gate did not move",
    ]
