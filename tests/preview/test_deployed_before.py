"""A stack that an earlier commit deployed, previewed with the program of this one."""

from collections.abc import Iterator

import pytest

from tests.preview import kept
from tests.preview.stack import CloudlessStack

RENEW = """\
A deployed stack would change. If that is meant, say so in CHANGELOG.md, run `python -m tests.preview.kept`,
and read the difference that it leaves in tests/preview/deployed/state.jsonl.
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudlessStack]:
    """The stack, with the state that the earlier commit's program left."""
    with CloudlessStack.make(tmp_path_factory.mktemp("deployed-before"), kept.settings()) as stack:
        stack.take(kept.resources())
        yield stack


def test_a_deployed_stack_sees_no_change(stack: CloudlessStack) -> None:
    """No resource is made, changed, replaced or deleted, though the program was rewritten meanwhile."""
    preview = stack.preview()
    assert preview.returncode == 0, f"{RENEW}{preview.stdout}{preview.stderr}"


def test_a_change_of_a_deployed_stack_is_seen(stack: CloudlessStack) -> None:
    """The twin: the app on another port would change what is deployed."""
    settings = kept.settings()
    settings["app"]["port"] = 3001
    stack.configure(settings)
    preview = stack.preview()
    assert preview.returncode != 0
    assert "no changes were expected" in preview.stderr
    assert "3000 => 3001" in preview.stdout
