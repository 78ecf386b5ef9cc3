"""Whether a stack may be deployed as it is set: all that is refused before anything is registered."""

from collections.abc import Sequence
from datetime import UTC, datetime

from components import naming
from stacks import relaxations, replacements, restores
from stacks.deployed import DeployedResource
from stacks.sections import Settings
from stacks.settings import load, refuse
from stacks.stack_name import refuse_unusable


def admitted(project: str, stack: str, before: Sequence[DeployedResource]) -> Settings:
    """The settings of the stack under deployment, compared with what it has deployed `before`.

    Says how the stack is weaker than production. Raises `UnusableName`, `PublishedPassphrase` and
    `StackSettingsError`.
    """
    refuse_unusable(project, stack)
    settings = load(stack)
    relaxations.tell(stack, settings)
    name = naming.prefix(project, stack)
    replacements.refuse_renamed(name, before)
    refuse(
        [
            *replacements.problems(settings, name, before, datetime.now(UTC).date()),
            *restores.problems(settings, before),
        ]
    )
    return settings
