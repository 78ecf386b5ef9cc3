"""`python -m stacks preflight` against the rehearsal, which answers the calls that it makes."""

from dataclasses import replace

import boto3
import pytest

from stacks import preflight
from stacks.preflight import Target
from stacks.settings import parse
from tests.rehearsal.cloud.running import RunningCloud

ELSEWHERE = ("this machine", "quotas", "database class")
"""The rehearsal has no quotas, and moto's list of what RDS offers ends before PostgreSQL 17."""


@pytest.fixture
def target(cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A stack that is to be deployed there."""
    for check in ELSEWHERE:
        monkeypatch.setitem(preflight.CHECKS, check, lambda _: iter(()))
    session = boto3.Session(cloud.key.id, cloud.key.secret)
    settings = parse({"aws": {"endpoint": cloud.endpoint}})
    return Target(project="evenkeel", stack="prod", settings=settings, session=session)


def test_an_empty_rehearsal_lacks_roles_only(target: Target) -> None:
    """They are made when that is asked for."""
    states = {result.check: result.state for result in preflight.run(target)}
    assert states.pop("service-linked roles") == "refused"
    assert set(states.values()) == {"ok"}, states
    made = {result.check: result.state for result in preflight.run(replace(target, makes_roles=True))}
    assert made["service-linked roles"] == "ok"
