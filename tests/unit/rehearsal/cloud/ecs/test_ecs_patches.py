"""What ECS says of its tasks."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from rehearsal.cloud.ecs import moto_patches


def described(monkeypatch: pytest.MonkeyPatch, age: float) -> Any:
    task = SimpleNamespace(task_arn="arn:task", created_at=utcnow() - timedelta(seconds=age))
    monkeypatch.setattr(
        moto_patches, "_describe_tasks", lambda _: ActionResult({"tasks": [task], "failures": []})
    )
    return moto_patches._describe_known(None).result


def test_a_new_task_is_missing_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """RunTask's documentation: what it has started need not be visible to the next call."""
    new: Any = described(monkeypatch, age=-60)
    assert new == {"tasks": [], "failures": [{"arn": "arn:task", "reason": "MISSING"}]}
    known: Any = described(monkeypatch, age=60)
    assert ([task.task_arn for task in known["tasks"]], known["failures"]) == (["arn:task"], [])
