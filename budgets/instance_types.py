"""What the name of an instance type says. Pure.

https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
"""

import re
from typing import Literal

FRACTION_OF_LARGE = {"nano": 1 / 16, "micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1, "xlarge": 2}
GIB_OF_LARGE = {"t": 8, "m": 8, "r": 16, "x": 32}
"""Memory of `db.<family>….large`: https://aws.amazon.com/rds/instance-types/."""


def vcpus(instance_type: str) -> int | None:
    """How many `m7i.2xlarge` has at most: two up to `large`, four for each `xlarge`. None: not known."""
    fraction = fraction_of_large(instance_type)
    return None if fraction is None else max(2, int(2 * fraction))


def memory_gib(instance_class: str) -> float | None:
    """Memory of a database's class such as `db.m7g.large`. None: not known."""
    large = GIB_OF_LARGE.get(instance_class.removeprefix("db.")[0])
    fraction = fraction_of_large(instance_class)
    return None if large is None or fraction is None else large * fraction


def architecture(instance_type: str) -> Literal["arm64", "x86_64"]:
    """Of Graviton, a `g` after the generation (m7g, c7gn, t4g), or of the others."""
    return "arm64" if re.match(r"[a-z]+\d+g", instance_type) else "x86_64"


def fraction_of_large(instance_type: str) -> float | None:
    """The size as a multiple of `large`; None for one outside that scale, such as `metal`."""
    size = instance_type.rpartition(".")[2]
    multiple = size.removesuffix("xlarge")
    if size.endswith("xlarge") and multiple.isdigit():
        return 2.0 * int(multiple)
    return FRACTION_OF_LARGE.get(size)
