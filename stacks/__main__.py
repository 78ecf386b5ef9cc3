"""`python -m stacks timeline STACK` draws what the budgets make of a stack's settings.

`python -m stacks preflight STACK` looks, before a first deployment, for what would fail in its middle.
`python -m stacks deployer-policy STACK ACCOUNT` prints the IAM policies that whoever deploys the stack needs.
`python -m stacks reference` prints every setting with its default: stacks/reference.yaml. With `settings` or
`components` it prints the page of the documentation: docs/settings.md, docs/components.md.
"""

import json
import re
import sys

import pulumi

from stacks import deployer_policy, preflight, project
from stacks.chart import drawn
from stacks.components_page import components_page
from stacks.reference import reference
from stacks.settings import StackSettingsError, refuse_in_an_account
from stacks.settings_page import settings_page
from stacks.stack_file import NoSuchStack, file_of, read
from stacks.stack_name import refuse_unusable

USAGE = """\
usage: python -m stacks timeline STACK
       python -m stacks preflight STACK [--make-roles]
       python -m stacks deployer-policy STACK ACCOUNT
       python -m stacks reference [settings | components]"""


def main(arguments: list[str]) -> int:
    """The exit code."""
    try:
        return run(arguments)
    except project.NoProject as error:
        print(error, file=sys.stderr)
        return 1


def run(arguments: list[str]) -> int:
    """Runs one of the commands; the exit code. Raises `NoProject`."""
    match arguments:
        case ["timeline", stack]:
            return timeline(stack)
        case ["preflight", stack, *flags] if flags in ([], ["--make-roles"]):
            return preflight_of(stack, makes_roles=bool(flags))
        case ["deployer-policy", stack, account] if re.fullmatch(r"\d{12}", account):
            return policies_of(stack, account)
        case ["reference"]:
            print(reference(), end="")
            return 0
        case ["reference", "settings"]:
            print(settings_page(), end="")
            return 0
        case ["reference", "components"]:
            print(components_page(), end="")
            return 0
        case _:
            print(USAGE, file=sys.stderr)
            return 2


def timeline(stack: str) -> int:
    """Prints the drawing; 1 where there is no such stack, or its settings are refused."""
    try:
        print(drawn(stack, read(stack)), end="")
    except (NoSuchStack, StackSettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def preflight_of(stack: str, *, makes_roles: bool) -> int:
    """1 where something is refused."""
    try:
        refuse_unusable(project.find().name, stack)
        settings = read(stack)
        refuse_in_an_account(stack, settings)
    except (NoSuchStack, pulumi.RunError) as error:
        print(error, file=sys.stderr)
        return 1
    target = preflight.Target(
        project=project.find().name, stack=stack, settings=settings, makes_roles=makes_roles
    )
    refused = False
    for result in preflight.run(target):
        print(preflight.shown(result), flush=True)
        refused |= bool(result.problems)
    return int(refused)


def policies_of(stack: str, account: str) -> int:
    """Prints the policies of a stack's deployer as JSON, by their names; 1 where its settings are wrong."""
    try:
        region = read(stack).aws.region
        found = project.find()
        names = deployer_policy.names(found.name, stack, file_of(stack), account=account, region=region)
        documents = deployer_policy.documents(names, found.deployer_policy)
    except (NoSuchStack, StackSettingsError, deployer_policy.NoPolicy) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(documents, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
