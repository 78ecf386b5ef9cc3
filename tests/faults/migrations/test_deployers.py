"""Two deployers at once: one works, the other waits or is told; and what a killed engine leaves."""

import pytest

from testkit.checkout import Checkout
from tests.faults.migrations.kills import ENGINE, HELD
from tests.faults.migrations.phases import OLD_SNAPSHOTS
from tests.faults.migrations.problems import problems
from tests.faults.migrations.stage import MigrationStage

pytestmark = pytest.mark.long
LOCKED = "the stack is currently locked by 1 lock(s)"


def test_a_second_up_of_the_stack_is_told_who_deploys(stage: MigrationStage) -> None:
    """It ends at once, with the other's pid, and disturbs nothing."""
    OLD_SNAPSHOTS.reach(stage.table, stage.up)
    (first,) = stage.deployers
    second = stage.up()
    second.failed(LOCKED)
    assert f"(pid {first.pid})" in second.printed
    stage.table.release()
    first.succeeded()
    assert problems(stage) == []


def test_a_killed_engine_leaves_the_stack_locked_until_it_is_cancelled(stage: MigrationStage) -> None:
    """The next `up` says how; after that it finds the work of the task, which went on, and does none."""
    OLD_SNAPSHOTS.reach(stage.table, stage.up)
    stage.deployers[-1].kill()
    locked = stage.up()
    locked.failed(LOCKED)
    assert "`pulumi cancel`" in locked.printed
    stage.table.release()
    stage.await_task()
    stage.unlock()
    again = stage.up()
    again.succeeded()
    assert "migrations: 0 applied now" in again.printed
    assert problems(stage) == []
    assert len(stage.attempts) == 1


def test_another_deployment_waits_for_the_task_that_a_killed_engine_left(
    stage: MigrationStage, checkout: Checkout
) -> None:
    """A task of other settings is not taken over: it ends first, then the new one runs."""
    ENGINE.hit(stage, OLD_SNAPSHOTS.reach(stage.table, stage.up))
    file = checkout.folder / "stacks/Pulumi.local.yaml"
    other = file.read_text().replace("path: migrations\n", "path: migrations\n    lock_timeout: 4\n")
    with checkout.changed("stacks/Pulumi.local.yaml", other):
        again = stage.up()
        again.says("still runs; waiting for it to end")
        stage.table.release()
        again.succeeded()
    assert "migrations: 0 applied now" in again.printed
    assert problems(stage) == []


def test_a_migrator_started_by_hand_waits_for_the_task(stage: MigrationStage) -> None:
    """It names the task's session, and has nothing to do when that has ended."""
    backend = OLD_SNAPSHOTS.reach(stage.table, stage.up)
    by_hand = stage.by_hand()
    by_hand.says(f"{HELD} {backend}")
    stage.table.release()
    by_hand.succeeded()
    assert "migrations: 0 applied now" in by_hand.printed
    stage.deployers[0].succeeded()
    assert problems(stage) == []


def test_the_task_waits_for_a_migrator_started_by_hand(stage: MigrationStage) -> None:
    """`pulumi up` shows for whom, and moves the gate when the other has applied the migration."""
    backend = OLD_SNAPSHOTS.reach(stage.table, stage.by_hand)
    up = stage.up()
    up.says(f"{HELD} {backend}")
    stage.table.release()
    up.succeeded()
    assert "migrations: 0 applied now" in up.printed
    assert problems(stage) == []
