"""What an entry of the table says about a resource type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rehearsal.provider.work import Work


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One API call. It takes the type's inputs that botocore's model of the operation knows, and `params`.

    In `params`, `{expression}` stands for a JMESPath expression over the resource's id, outputs and inputs;
    what an expression does not find is left out.
    """

    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    result: str = "@"
    """JMESPath over the response, with `$name` for a property. When reading, nothing means it is gone."""
    inside: str = ""
    """A member of the arguments that takes the inputs which the operation does not take itself."""
    inputs: str | None = None
    """Takes only these, separated by blanks."""
    whole: bool = False
    """As an update: sends every input it takes, instead of those that changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What takes more than one call to do. It returns what a call's response would be."""

    run: Callable[["Work"], Any]
    inputs: str = ""
    """Those that it applies."""


def call(
    operation: str,
    result: str = "@",
    *,
    inside: str = "",
    inputs: str | None = None,
    whole: bool = False,
    **params: Any,
) -> Call:
    """A `Call`, as short as it gets."""
    return Call(operation=operation, params=params, result=result, inside=inside, inputs=inputs, whole=whole)


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoName:
    """The property that names a resource; `NAME-1a2b3c4` when the program leaves it out."""

    property: str = "name"
    longest: int = 255
    lower: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Tags:
    """How tags change: `{tags}` and `{keys}` are those to set or to remove, `{all}` those there shall be."""

    add: Call
    remove: Call
    read: Call | None = None
    """For services that don't show tags with the resource."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """When a resource can be used: JMESPath expressions over what reading it returns."""

    when: str
    says: str
    """Its status, shown as progress."""
    failed: str = "`false`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """An entry of the table: one resource type and the API calls it consists of.

    Inputs and API members match by name (`vpcId`, `VpcId`); `names` has those that don't. Strings of several
    properties are separated by blanks.
    """

    type: str
    """Pulumi's token, such as `aws:ec2/vpc:Vpc`."""
    service: str
    """boto3's name of the service."""
    id: str
    """JMESPath over inputs and the creation's response."""
    create: Call | Step
    read: tuple[Call | Step, ...]
    """What all of them return, together, is what the API says about the resource."""
    update: tuple[Call | Step, ...] = ()
    """Also applied after creation, to inputs that `create` does not take."""
    delete: Call | Step | None
    """None where there is nothing to delete."""
    fixed: str = ""
    """Inputs that AWS can't change: a new value is a replacement (Terraform's ForceNew)."""
    local: str = ""
    """Inputs that only steer this provider, such as `forceDestroy`."""
    only: Mapping[str, Any] = field(default_factory=dict)
    """Inputs that may have this value and no other: the provider does nothing about them."""
    names: Mapping[str, str] = field(default_factory=dict)
    """API member by input, both as dotted paths, where they differ in more than case and plural."""
    state: Mapping[str, str] = field(default_factory=dict)
    """JMESPath by property, over what reading returns, `Region`, `Account`, `Partition`, `Id` and `Inputs`,
    where a property is not the member of that name."""
    outputs: str = ""
    """What the state holds besides the inputs."""
    volatile: str = ""
    """Outputs that any update changes, so that a preview must not promise the old value."""
    secrets: str = ""
    """Outputs that are always secret."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Values of inputs that the program leaves out."""
    name: AutoName | None = None
    tags: Tags | None = None
    ready: Ready | Callable[["Work"], None] | None = None
    """Or a function that waits."""
    lasting_delete: bool = False
    """Whether deletion goes on after the API has answered."""
    timeout: float = 1200
    """Seconds that creation, update or deletion may take, unless `custom_timeouts` says so."""


def words(text: str) -> frozenset[str]:
    """A set written as words."""
    return frozenset(text.split())
