"""A whole rollout, against a group that does what the test says and a clock that only sleeping moves."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.gates.gate import GateClosed
from components.rollout import drive
from components.rollout.decide import GroupState, RefreshState, ServerState
from components.rollout.drive import POLL
from tests.unit.components.paged import Paged
from tests.unit.components.rolled import INSTANCES

TIMEOUT = 10


@dataclass
class Script:
    """Shows one state after another, the last one for ever; notes what it is told to do."""

    states: Sequence[GroupState]
    did: list[str] = field(default_factory=list)
    looks: int = 0

    def look(self) -> GroupState:
        self.looks += 1
        return self.states[min(self.looks, len(self.states)) - 1]

    def raise_heartbeats(self, heartbeats: Mapping[str, int]) -> None:
        self.did.append(f"heartbeats {dict(heartbeats)}")

    def start(self, _: Mapping[str, Any], preferences: Mapping[str, Any]) -> None:
        self.did.append(f"start {preferences}")

    def cancel(self) -> None:
        self.did.append("cancel")

    def roll_back(self) -> None:
        self.did.append("roll back")


class QuietCloudWatch(Paged):
    """No alarm fires."""

    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        return {"MetricAlarms": []}


class QuietApi:
    """No alarm is in ALARM, and no server left a log."""

    def client(self, _: str) -> Any:
        return QuietCloudWatch()


Run = Callable[..., Script]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Replaces the servers of a script's group by version 7."""
    monkeypatch.setattr(pulumi.log, "info", lambda *_, **__: None)

    def run(script: Script, *, launches_follow: bool = True) -> Script:
        now = 0.0

        def sleep(seconds: float) -> None:
            nonlocal now
            now += seconds

        monkeypatch.setattr(drive, "time", SimpleNamespace(monotonic=lambda: now, sleep=sleep))
        monkeypatch.setattr(drive, "ObservedGroup", lambda **_: script)
        monkeypatch.setattr(drive, "last_words", lambda *_, **of: f"{of['instance']} said no.")
        drive.replace(
            api=QuietApi(),  # type: ignore[arg-type]  # gives clients too
            group="kit",
            timeout=TIMEOUT,
            launches_follow=launches_follow,
            policy=INSTANCES.api_form,
            version="7",
            target_group_arn="arn",
            log_group="logs",
            preferences={"AlarmSpecification": {"Alarms": ["errors"]}},
            heartbeats={"launching": 360},
        )
        return script

    return run


def state(*versions: str, refresh: RefreshState | None = None, health: str = "healthy") -> GroupState:
    servers = [
        ServerState(id=f"i-{number}", version=version, health=health)
        for number, version in enumerate(versions)
    ]
    return GroupState(desired=2, servers=servers, refresh=refresh)


def refresh(status: str, version: str = "7") -> RefreshState:
    return RefreshState(status=status, percentage=0, reason="", version=version, watched=True)


OLD = state("6", "6")
ROLLING = state("6", "6", refresh=refresh("InProgress"))
DONE = state("7", "7", refresh=refresh("Successful"))
START = ["heartbeats {'launching': 360}", "start {'AlarmSpecification': {'Alarms': ['errors']}}"]


def test_old_servers_are_replaced(run: Run) -> None:
    """The new ones have their time before the first of them is launched."""
    assert run(Script([OLD, ROLLING, DONE])).did == START


def test_another_refresh_is_cancelled_before_ours_is_started(run: Run) -> None:
    """AWS allows one at a time; its end is waited for."""
    states = [state("6", "6", refresh=refresh(status, "5")) for status in ("InProgress", "Cancelling")]
    ended = state("5", "6", refresh=refresh("Cancelled", "5"))
    assert run(Script([*states, ended, ROLLING, DONE])).did == ["cancel", *START]


def test_when_the_time_is_over_it_is_rolled_back_and_then_fails(run: Run) -> None:
    """Once; the rollback has as much time again, and the reason is the first one."""
    back = state("6", "6", refresh=refresh("RollbackInProgress"))
    rolled_back = state("6", "6", refresh=refresh("RollbackSuccessful"))
    script = Script([OLD, *[ROLLING] * 6, *[back] * 4, rolled_back])
    with pytest.raises(GateClosed, match=r"failed: it has not ended within 10 s: 0 % InProgress") as caught:
        run(script)
    assert script.did == [*START, "roll back"]
    assert "2 servers of the previous version are still serving traffic." in str(caught.value)


def test_a_rollback_that_does_not_end_is_given_up(run: Run) -> None:
    """A rollout always ends, within twice its time and two looks."""
    script = Script([OLD, *[ROLLING] * 6, state("6", "6", refresh=refresh("RollbackInProgress"))])
    with pytest.raises(GateClosed, match="it has not ended within 10 s"):
        run(script)
    assert script.did == [*START, "roll back"]
    assert script.looks <= 2 * TIMEOUT / POLL + 4


def test_a_group_without_servers_is_left_to_its_configuration(run: Run) -> None:
    """Before its update there is nothing to replace."""
    assert run(Script([state()])).did == []


def test_after_the_update_the_first_servers_are_waited_for(run: Run) -> None:
    """And told as failed when they do not come."""
    assert run(Script([state(), state(), state("7", "7")]), launches_follow=False).looks == 3
    with pytest.raises(GateClosed, match="it has not ended within 10 s: 0 of 2 servers serve version 7"):
        run(Script([state()]), launches_follow=False)


NO_MACHINE = "You have requested more vCPU capacity than your current vCPU limit of 0 allows"


def barren(*versions: str, refresh: RefreshState | None = None) -> GroupState:
    return dataclasses.replace(state(*versions, refresh=refresh), hindrance=NO_MACHINE)


def test_a_group_that_gets_no_machine_is_given_up_early(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long before the time is over, in AWS's words."""
    monkeypatch.setattr(drive, "BARREN", 4)
    script = Script([state(), barren()])
    with pytest.raises(GateClosed, match=r"for 4 s no launch has brought a machine") as caught:
        run(script, launches_follow=False)
    assert f"The last launch failed: {NO_MACHINE}" in str(caught.value)
    assert script.looks < TIMEOUT / POLL


def test_a_rollout_that_gets_no_machine_is_rolled_back_early(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old servers serve on."""
    monkeypatch.setattr(drive, "BARREN", 4)
    under_way = barren("6", "6", refresh=refresh("InProgress"))
    rolled_back = state("6", "6", refresh=refresh("RollbackSuccessful"))
    script = Script([OLD, *[under_way] * 4, rolled_back])
    with pytest.raises(GateClosed, match=r"for 4 s no launch has brought a machine"):
        run(script)
    assert script.did == [*START, "roll back"]


def test_a_machine_now_and_then_is_waited_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: one launch that came to something is a reason to go on, as is one that is under way."""
    monkeypatch.setattr(drive, "BARREN", 4)
    under_way = refresh("InProgress")
    hindered = [barren("7", "6", refresh=under_way), state("6", "6", refresh=under_way)] * 2
    script = Script([OLD, *hindered, DONE])
    assert run(script).did == START


def test_a_failed_rollout_tells_the_servers_own_words(run: Run) -> None:
    """Of the first that did not serve."""
    ill = state("7", "7", refresh=refresh("Failed"), health="unhealthy")
    with pytest.raises(GateClosed, match=r"(?s)ended as Failed: no reason given\..*i-0 said no\."):
        run(Script([ill]))
