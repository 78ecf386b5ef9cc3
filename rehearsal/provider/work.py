"""One operation on one resource: what it knows, and how it calls the API."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from string import Template
from typing import Any

from rehearsal.provider.cloud import Cloud
from rehearsal.provider.diff import changed_inputs
from rehearsal.provider.errors import Interrupted, NotSettled
from rehearsal.provider.mapping import arguments, search
from rehearsal.provider.resource import Call, Resource
from rehearsal.provider.values import Properties

POLL_SECONDS = 0.3
QUIET_SECONDS = 2.0
"""A wait says nothing before."""


@dataclass(kw_only=True)
class Work:
    """A create, read, update or delete under way."""

    entry: Resource
    cloud: Cloud
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

    def do(self, call: Call, inputs: Properties | None = None, **scope: Any) -> Any:
        """Makes a call with these inputs; returns what of the response matters."""
        shape = self.shape(call)
        everything = {**self.scope, **scope}
        filled = {}
        if shape is not None:
            filled = arguments(shape, call, self.entry.names, inputs or {}, everything)
        result = Template(call.result).safe_substitute(everything)
        return search(result, getattr(self.api, call.operation)(**filled))

    def shape(self, call: Call) -> Any:
        """botocore's model of what the call takes."""
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
