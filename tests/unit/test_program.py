"""What the program refuses, it refuses before it registers anything."""

import pytest

from stacks.passphrase import PUBLISHED, PublishedPassphrase
from stacks.settings import SettingsError
from testkit.program import configuration, program
from testkit.registered import Registered


def test_a_real_stack_with_the_published_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its secrets would be read by everyone."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PUBLISHED)
    made = Registered()
    with pytest.raises(PublishedPassphrase):
        program(configuration("prod"), stack="prod", registered=made)
    assert made.inputs == {}


def test_a_protected_stack_without_tls() -> None:
    """Its users' passwords would be."""
    made = Registered()
    with pytest.raises(SettingsError, match=r"load_balancer\.domain is not set"):
        program({}, stack="prod", registered=made)
    assert made.inputs == {}


def test_stack_local_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a rehearsal is not asked, and registers what it has."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PUBLISHED)
    assert program(configuration("local"), stack="local").inputs
