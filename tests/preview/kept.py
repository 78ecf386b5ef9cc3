"""The state of a stack that was deployed before, kept in `deployed/state.jsonl`.

    python -m tests.preview.kept [CHECKOUT]

deploys the stack once more, with the program of this checkout or of another one, and keeps the new state.
That is due where a change of what a deployed stack has is meant; the difference in git shows what its users
will see.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from testkit.checkout import ROOT
from tests.preview.stack import CloudlessStack

HERE = Path(__file__).parent / "deployed"
STATE = HERE / "state.jsonl"
"""A resource a line."""
OF_THE_RUN = ("created", "modified", "sourcePosition", "stackTrace")
"""What the engine notes of a resource that says nothing about it."""


def settings() -> dict[str, Any]:
    """The stack's settings."""
    read: dict[str, Any] = yaml.safe_load((HERE / "settings.yaml").read_text())
    return {**read, "migrations": {"path": str(HERE / "migrations")}}


def resources() -> list[dict[str, Any]]:
    """The state."""
    return [json.loads(line) for line in STATE.read_text().splitlines()]


def keep(made: list[dict[str, Any]]) -> None:
    """Writes a state in place of the one that is kept."""
    STATE.write_text("".join(f"{json.dumps(_lasting(resource))}\n" for resource in made))


def _lasting(value: Any) -> Any:
    """A part of the state without what another run, or another machine, would have otherwise."""
    match value:
        case dict():
            return {
                key: Path(part).name if key == "path" and "hash" in value else _lasting(part)
                for key, part in value.items()
                if key not in OF_THE_RUN
            }
        case list():
            return [_lasting(part) for part in value]
    return value


def main(program: Path) -> None:
    """Deploys the stack with the program of a checkout, and keeps its state."""
    with (
        tempfile.TemporaryDirectory() as folder,
        CloudlessStack.make(Path(folder), settings(), program) as stack,
    ):
        stack.deploy()
        keep(stack.resources)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT)
