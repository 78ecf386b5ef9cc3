"""The gates of a rollout."""

from components.rollout.component import Rollout, RolloutArgs
from testkit.registered import register
from tests.unit.components.rolled import replacement, smoke


def test_a_rollout_is_two_gates_in_a_row() -> None:
    """The second records the first's value, once the app has answered for it."""
    made = register(
        lambda: Rollout(
            "kit",
            RolloutArgs(
                parameter_prefix="/kit/test",
                release_sha256="abc",
                auto_scaling_group="servers",
                replacement=replacement(),
                smoke=smoke(),
            ),
        )
    )
    parameters = made.all("aws:ssm/parameter:Parameter")
    assert {name: (one["name"], one["insecureValue"]) for name, one in parameters.items()} == {
        "kit-release": ("/kit/test/release", "abc version 7"),
        "kit-verified": ("/kit/test/verified", "abc version 7"),
    }
    assert list(made.hooks) == ["kit-release-check", "kit-verified-check"]
