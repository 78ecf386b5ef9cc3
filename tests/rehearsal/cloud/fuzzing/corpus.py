"""What a client has sent and been told: the material that wrong calls are made of."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.rehearsal.cloud.described.put import PuttingClient


@dataclass(frozen=True, kw_only=True, slots=True)
class FuzzedCall:
    """One call of the API."""

    service: str
    operation: str
    parameters: dict[str, Any]


@dataclass(kw_only=True, slots=True)
class Corpus:
    """Right calls, and the values of requests and answers by the name of their member."""

    calls: list[FuzzedCall] = field(default_factory=list)
    _values: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def watching(self, aws: PuttingClient, services: Sequence[str]) -> Iterator[None]:
        """Learns meanwhile from each call that the services' clients make."""
        events = [(aws.client(service).meta.events, service) for service in services]
        for registry, service in events:
            registry.register(f"provide-client-params.{service}", self._note_call)
            registry.register(f"after-call.{service}", self._note_answer)
        yield
        for registry, service in events:
            registry.unregister(f"provide-client-params.{service}", self._note_call)
            registry.unregister(f"after-call.{service}", self._note_answer)

    def known(self, name: str) -> list[Any]:
        """Values of a member of this name, or of one that lists such members."""
        return [*self._values.get(name.lower(), []), *self._values.get(f"{name.lower()}s", [])]

    def learn(self, found: Any, name: str = "") -> None:
        """The values in a request or an answer."""
        match found:
            case dict():
                for member, value in found.items():
                    self.learn(value, str(member))
            case list():
                for value in found:
                    self.learn(value, name)
            case str() | int() if found not in self._values[name.lower()]:
                self._values[name.lower()].append(found)

    def _note_call(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        self.calls.append(FuzzedCall(service=service, operation=model.name, parameters=deepcopy(params)))
        self.learn(params)

    def _note_answer(self, parsed: dict[str, Any], **_: Any) -> None:
        self.learn({name: value for name, value in parsed.items() if name != "ResponseMetadata"})
