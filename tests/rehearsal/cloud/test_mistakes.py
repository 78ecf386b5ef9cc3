"""Wrong calls, sent without a client's own checks: the cloud refuses each as AWS does."""

import pytest
from botocore.exceptions import ClientError

from tests.rehearsal.cloud.mistakes import MISTAKES
from tests.rehearsal.cloud.mistakes.mistake import Mistake
from tests.rehearsal.cloud.mistakes.world import World
from tests.rehearsal.cloud.running import RunningCloud


@pytest.fixture(scope="module")
def world(cloud: RunningCloud) -> World:
    """What stands already in the cloud that the calls are sent to."""
    return World(cloud)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake.operation}: {mistake.what}")
def test_a_mistake_is_refused_with_the_code_of_aws(mistake: Mistake, world: World) -> None:
    """By the same call, with the same code."""
    with pytest.raises(ClientError) as refused:
        world.send(mistake)
    assert refused.value.response["Error"]["Code"] == mistake.code, refused.value.response["Error"]["Message"]
