"""`python -m stacks preflight` against the rehearsal, which answers the calls that it makes."""

from dataclasses import replace

import boto3
import pytest

from stacks import preflight
from stacks.preflight import Target
from stacks.settings import parse
from tests.rehearsal.cloud.running import RunningCloud


@pytest.fixture
def target(cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A stack that is to be deployed there; building its release is another test's."""
    monkeypatch.setitem(preflight.CHECKS, "this machine", lambda _: iter(()))
    session = boto3.Session(cloud.key.id, cloud.key.secret)
    settings = parse({"aws": {"endpoint": cloud.endpoint}})
    return Target(project="evenkeel", stack="prod", settings=settings, session=session)


def test_an_empty_rehearsal_lacks_roles_only(target: Target) -> None:
    """They are made when asked for. It has no quotas, which are not checked, and all else is there."""
    states = {result.check: result.state for result in preflight.run(target)}
    assert states.pop("service-linked roles") == "refused"
    assert states.pop("quotas") == "not checked"
    assert set(states.values()) == {"ok"}, states
    made = {result.check: result.state for result in preflight.run(replace(target, makes_roles=True))}
    assert made["service-linked roles"] == "ok"
