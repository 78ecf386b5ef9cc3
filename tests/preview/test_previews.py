"""Every stack previews on the real engine, with no AWS account."""

import pytest
import yaml

from tests.checkout import Checkout, succeed


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_a_stack_previews_against_the_rehearsal(checkout: Checkout, stack: str) -> None:
    """The program of each stack is accepted by the engine, the provider and the endpoint."""
    shown = succeed(checkout.pulumi("preview", "--stack", stack)).stdout
    assert f"evenkeel-{stack}" in shown
    assert "to create" in shown


def test_a_wrong_setting_is_refused_before_any_resource(checkout: Checkout) -> None:
    """The setting, its value and the remedy are named, and nothing was registered."""
    stack_file = yaml.safe_load((checkout.folder / "stacks/Pulumi.dev.yaml").read_text())
    stack_file["config"].setdefault("evenkeel:app", {})["prot"] = 3000
    with checkout.changed("stacks/Pulumi.dev.yaml", yaml.safe_dump(stack_file)):
        refused = checkout.pulumi("preview", "--stack", "dev")
    assert refused.returncode != 0
    assert "app.prot" in refused.stdout + refused.stderr
    assert "The nearest is app.port" in refused.stdout + refused.stderr
    assert "aws:" not in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
