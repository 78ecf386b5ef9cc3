"""What an entry of the table says about a resource type, and an operation under way on such a resource.

The two are one module as each refers to the other: steps of an entry are functions of the operation.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import Any

from rehearsal.offline.provider.call import ApiCall
from rehearsal.offline.provider.cloud import ConfiguredCloud
from rehearsal.offline.provider.diff import changed_inputs
from rehearsal.offline.provider.errors import Interrupted, NotSettled
from rehearsal.offline.provider.mapping import arguments, search
from rehearsal.offline.provider.values import Properties

POLL_SECONDS = 0.3
QUIET_SECONDS = 2.0
"""A wait says nothing before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeveralCalls:
    """What takes more than one call to do. It returns what a call's response would be."""

    run: Callable[["Work"], Any]
    inputs: str = ""
    """Those that it applies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoName:
    """The property that names a resource; `NAME-1a2b3c4` when the program leaves it out."""

    property: str = "name"
    longest: int = 255
    lower: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Tags:
    """How tags change: `{tags}` and `{keys}` are those to set or to remove, `{all}` those there shall be."""

    add: ApiCall
    remove: ApiCall
    read: ApiCall | None = None
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
    create: ApiCall | SeveralCalls
    read: tuple[ApiCall | SeveralCalls, ...]
    """What all of them return, together, is what the API says about the resource."""
    update: tuple[ApiCall | SeveralCalls, ...] = ()
    """Also applied after creation, to inputs that `create` does not take."""
    delete: ApiCall | SeveralCalls | None
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


@dataclass(kw_only=True)
class Work:
    """A create, read, update or delete under way."""

    entry: Resource
    cloud: ConfiguredCloud
    inputs: Properties
    """As the program has them now; when reading or deleting, as the state has them."""
    old: Properties = field(default_factory=dict)
    """The inputs as they were applied; empty when creating."""
    state: Properties = field(default_factory=dict)
    """The outputs as the state has them."""
    response: Properties = field(default_factory=dict)
    """What creating it returned."""
    id: str = ""
    timeout: float = 0
    """Seconds; 0 for the entry's own."""
    log: Callable[[str], None] = lambda _: None
    """Shows a line as progress."""
    interrupted: threading.Event = field(default_factory=threading.Event)

    @property
    def api(self) -> Any:
        """The boto3 client of the resource's service and region."""
        return self.cloud.client(self.entry.service, self.inputs.get("region"))

    @property
    def region(self) -> str:
        """Where the resource is."""
        return str(self.inputs.get("region") or self.cloud.region)

    @property
    def changed(self) -> frozenset[str]:
        """Names of the inputs that differ from those applied."""
        return changed_inputs(self.old, self.inputs)

    @property
    def scope(self) -> Properties:
        """What placeholders find."""
        place = {"region": self.region, "account": self.cloud.account, "partition": self.cloud.partition}
        return {**self.response, **self.state, **place, **self.inputs, "id": self.id}

    def do(self, call: ApiCall, inputs: Properties | None = None, **scope: Any) -> Any:
        """Makes a call with these inputs; returns what of the response matters."""
        shape = self.shape(call)
        everything = {**self.scope, **scope}
        filled = {}
        if shape is not None:
            filled = arguments(shape, call, self.entry.names, inputs or {}, everything)
        result = Template(call.result).safe_substitute(everything)
        return search(result, getattr(self.api, call.operation)(**filled))

    def shape(self, call: ApiCall) -> Any:
        """What the call takes, as botocore has it; None for a call that takes nothing."""
        client = self.api
        return client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[call.operation]
        ).input_shape

    def wait(self, settled: Callable[[], str | None], limit: float = 0) -> None:
        """Asks until `settled` returns None, and shows what else it returns.

        Raises `NotSettled` after `limit` seconds, or those of the user's `custom_timeouts`, or of the entry.
        """
        limit = limit or self.timeout or self.entry.timeout
        start = time.monotonic()
        while (status := settled()) is not None:
            waited = time.monotonic() - start
            if waited > limit:
                raise NotSettled(f"not ready after {limit:.0f} s: {status}")
            if waited > QUIET_SECONDS:
                self.log(f"{status} ({waited:.0f} s)")
            if self.interrupted.wait(POLL_SECONDS):
                raise Interrupted(f"interrupted while waiting: {status}")
