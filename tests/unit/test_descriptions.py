"""What EC2 takes as a description, of every stack's security groups and their rules."""

import re
from collections.abc import Iterator

import pytest

from stacks.project import find
from testkit.program import made
from testkit.registered import Registered
from tests.unit.controls.network import DESCRIBED

TAKEN = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")
"""The character set and length that CreateSecurityGroup and IpRange document."""
STACKS = sorted(file.name.split(".")[1] for file in find().stack_files())


def refused(registered: Registered) -> Iterator[str]:
    for kind in DESCRIBED:
        for inputs in registered.all(kind).values():
            if not TAKEN.fullmatch(inputs["description"]):
                yield inputs["description"]


@pytest.mark.parametrize("stack", STACKS)
def test_ec2_takes_every_description(stack: str) -> None:
    """The apostrophe that was in one would have ended each first deployment."""
    assert made(stack).all(DESCRIBED[0])
    assert list(refused(made(stack))) == []


@pytest.mark.parametrize("description", ["Changes the database's schema", "", "ä", "a" * 256])
def test_a_description_that_ec2_refuses_is_found(description: str) -> None:
    """The twin."""
    registered = Registered(inputs={(DESCRIBED[0], "group"): {"description": description}})
    assert list(refused(registered)) == [description]
