"""Checks a resource's inputs against its entry, and fills in what the program leaves out."""

import hashlib

from rehearsal.offline.provider.call import ApiCall
from rehearsal.offline.provider.diff import DEFAULTS
from rehearsal.offline.provider.errors import UnsupportedInput
from rehearsal.offline.provider.mapping import arguments, takes, unmentioned
from rehearsal.offline.provider.resource import AutoName, SeveralCalls, Work
from rehearsal.offline.provider.values import Properties, words


def completed(work: Work, name: str, old: Properties, seed: bytes) -> Properties:
    """The inputs with the entry's defaults, the provider's default tags and a name of the resource's own."""
    entry = work.entry
    given = {key: value for key, value in work.inputs.items() if key != DEFAULTS}
    if entry.tags is not None and (given.get("tags") is not None or work.cloud.default_tags):
        tags = given.get("tags") or {}
        given["tags"] = {**work.cloud.default_tags, **tags} if isinstance(tags, dict) else tags
    filled = {key: value for key, value in entry.defaults.items() if key not in given}
    if (
        entry.name is not None
        and entry.name.property not in given
        and f"{entry.name.property}Prefix" not in given
    ):
        kept = old.get(entry.name.property) if entry.name.property in old.get(DEFAULTS, []) else None
        filled[entry.name.property] = kept or automatic_name(entry.name, name, seed)
    return {**given, **filled, DEFAULTS: sorted(filled)}


def automatic_name(rule: AutoName, name: str, seed: bytes) -> str:
    """`NAME-1a2b3c4`, cut to the service's limit; the same for the same seed."""
    suffix = f"-{hashlib.sha256(seed + name.encode()).hexdigest()[:7]}"
    automatic = name[: rule.longest - len(suffix)] + suffix
    return automatic.lower() if rule.lower else automatic


def unsupported(work: Work) -> list[str]:
    """The inputs, or parts of them, that no call of the entry passes on."""
    return [path for key in sorted(work.inputs) if key != DEFAULTS for path in _unsupported(work, key)]


def _unsupported(work: Work, key: str) -> list[str]:
    entry = work.entry
    if key in words(entry.local) or key == "region" or (key == "tags" and entry.tags is not None):
        return []
    if key in entry.only:
        return [] if work.inputs[key] == entry.only[key] else [key]
    takers = [action for action in (entry.create, *entry.update) if taken_by(action, work, key)]
    if not takers or (key not in words(entry.fixed) and takers == [entry.create]):
        # The creating call may know an input of which the entry doesn't say how it changes.
        return [key]
    for action in takers:
        if isinstance(action, ApiCall):
            try:
                arguments(work.shape(action), action, entry.names, {key: work.inputs[key]}, {})
            except UnsupportedInput as error:
                return [error.path]
            part = unmentioned(action, key, work.inputs[key]) if key in str(action.params) else None
            if part is not None:
                return [part]
    return []


def taken_by(action: ApiCall | SeveralCalls, work: Work, key: str) -> bool:
    """Whether an action applies an input."""
    if isinstance(action, SeveralCalls):
        return key in words(action.inputs)
    return takes(work.shape(action), action, work.entry.names, key)


def irremovable(work: Work) -> list[str]:
    """Inputs left out now whose default this table doesn't know, and that no call takes as a whole."""
    entry = work.entry
    gone = work.old.keys() - work.inputs.keys() - words(entry.fixed) - words(entry.local) - {"tags", "region"}
    gone -= entry.only.keys()
    return [
        key
        for key in sorted(gone)
        if not any(
            isinstance(action, SeveralCalls) or action.whole
            for action in entry.update
            if taken_by(action, work, key)
        )
    ]
