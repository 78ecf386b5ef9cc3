"""The `aws` provider: the table, applied."""

from rehearsal.offline.provider import crud
from rehearsal.offline.provider.cloud import ACCEPTED, ConfiguredCloud, parsed
from rehearsal.offline.provider.diff import DEFAULTS, Difference, differences
from rehearsal.offline.provider.errors import UnsupportedType
from rehearsal.offline.provider.functions import FUNCTIONS
from rehearsal.offline.provider.inputs import completed, irremovable, unsupported
from rehearsal.offline.provider.resource import Resource, Work
from rehearsal.offline.provider.server import Failures, Operation
from rehearsal.offline.provider.table import RESOURCES
from rehearsal.offline.provider.values import Properties, words


class Aws:
    """Creates, reads, changes and deletes what the table has entries for."""

    name = "aws"
    _cloud: ConfiguredCloud

    def configure(self, configuration: Properties) -> None:
        settings = parsed(configuration)
        refused = sorted(key for key in settings.keys() - ACCEPTED if not key.startswith("__"))
        if refused:
            raise ValueError(
                f"the rehearsal's provider has no setting '{refused[0]}'. Leave it out, "
                "or run with the official plugin."
            )
        self._cloud = ConfiguredCloud(settings)

    def check(self, operation: Operation, old: Properties, new: Properties, seed: bytes) -> Properties:
        work = self._work(operation, new)
        failures = [
            (path, f"{operation.type}: the rehearsal's provider does not handle the input '{path}'")
            for path in unsupported(work)
        ]
        if failures:
            raise Failures(*failures)
        return completed(work, operation.name, old, seed)

    def diff(
        self, operation: Operation, old: Properties, new: Properties
    ) -> tuple[list[Difference], frozenset[str], bool]:
        work = self._work(operation, new, old)
        replacing = words(work.entry.fixed) | {"region"}
        changes = differences(old, new)
        if not work.changed & replacing:
            refuse_removal(work)
        return changes, replacing, bool(changes) and keeps_name(work)

    def create(self, operation: Operation, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        return ("", inputs) if preview else crud.create(self._work(operation, inputs))

    def read(
        self, operation: Operation, inputs: Properties, state: Properties
    ) -> tuple[Properties, Properties] | None:
        return crud.read(self._work(operation, inputs, state=state))

    def update(
        self, operation: Operation, old: Properties, new: Properties, state: Properties, preview: bool
    ) -> Properties:
        work = self._work(operation, new, old, state)
        refuse_removal(work)
        if preview:
            volatile = words(work.entry.volatile) if work.changed - {"tags"} else frozenset()
            known = {key: state[key] for key in state.keys() - volatile - old.keys()}
            return {**known, **new}
        return crud.update(work)

    def delete(self, operation: Operation, inputs: Properties, state: Properties) -> None:
        crud.delete(self._work(operation, inputs, state=state))

    def invoke(self, token: str, arguments: Properties) -> Properties:
        if token not in FUNCTIONS:
            raise UnsupportedType(token)
        return FUNCTIONS[token](self._cloud, arguments)

    def _work(
        self,
        operation: Operation,
        inputs: Properties,
        old: Properties | None = None,
        state: Properties | None = None,
    ) -> Work:
        return Work(
            entry=entry_of(operation.type),
            cloud=self._cloud,
            inputs=inputs,
            old=old or {},
            state=state or {},
            id=operation.id,
            timeout=operation.timeout,
            log=operation.log,
            interrupted=operation.interrupted,
        )


def entry_of(token: str) -> Resource:
    """The type's entry. Raises `UnsupportedType`."""
    if token not in RESOURCES:
        raise UnsupportedType(token)
    return RESOURCES[token]


def refuse_removal(work: Work) -> None:
    """An input that is left out can't be put back to a default that nobody knows."""
    for key in irremovable(work):
        raise ValueError(
            f"the input '{key}' was {work.old[key]!r} and is left out now, for which the rehearsal's "
            "provider knows no default. Set it to the value it is to have."
        )


def keeps_name(work: Work) -> bool:
    """Whether a replacement would have the old one's name, which AWS refuses while that exists."""
    rule = work.entry.name
    if rule is None or rule.property in work.inputs.get(DEFAULTS, []):
        return False
    return work.old.get(rule.property) == work.inputs.get(rule.property)
