"""Create, read, update and delete, for any entry of the table."""

from typing import Any

from botocore.exceptions import ClientError

from rehearsal.offline.provider.call import ApiCall
from rehearsal.offline.provider.errors import InitFailed, Interrupted, NotSettled, is_gone, is_in_use
from rehearsal.offline.provider.inputs import taken_by
from rehearsal.offline.provider.mapping import search
from rehearsal.offline.provider.observe import NOT_SHOWN, as_output, found, observe
from rehearsal.offline.provider.resource import Ready, SeveralCalls, Work
from rehearsal.offline.provider.tags import change_tags, read_tags
from rehearsal.offline.provider.values import Properties, SecretOutput, words

SEEN_SECONDS = 300
"""How long a new resource may be unknown to its own API."""
IN_USE_SECONDS = 120
"""How long a deletion waits for what still uses the resource."""


def create(work: Work) -> tuple[str, Properties]:
    """Makes the resource and waits until it can be used; returns its id and outputs.

    Raises `InitFailed` once it exists: the state then has what was applied, where the next `up` goes on.
    """
    work.response = _members(_perform(work.entry.create, work, work.inputs))
    made = search(work.entry.id, {**work.inputs, **work.response})
    if made is None:
        raise NotSettled(f"the API made nothing and gave no error: {work.response}")
    work.id = str(made)
    applied = {key: work.inputs[key] for key in work.inputs if taken_by(work.entry.create, work, key)}
    work.old = applied
    try:
        _settle(work)
        return work.id, _finish(work, seen_within=SEEN_SECONDS)
    except (ClientError, NotSettled, Interrupted) as error:
        raise InitFailed(work.id, applied, str(error)) from error


def _hidden(work: Work) -> str | None:
    """AWS may not know for some seconds what it has just made."""
    return "made, and not to be seen yet" if observe_raw(work) is None else None


def update(work: Work) -> Properties:
    """Applies the inputs that differ, and returns the outputs."""
    return _finish(work)


def _finish(work: Work, seen_within: float = 0) -> Properties:
    """Applies every input that isn't yet, waits, and reads the outputs.

    `seen_within`: seconds in which the API has to know of the resource; without them it has to now.
    """
    changed = work.changed
    for action in work.entry.update:
        theirs = {key for key in changed if taken_by(action, work, key)}
        if theirs:
            whole = isinstance(action, ApiCall) and action.whole
            _perform(action, work, {key: work.inputs[key] for key in work.inputs if whole or key in theirs})
    if work.entry.tags is not None and "tags" in changed:
        change_tags(work, work.entry.tags, work.old.get("tags") or {})
    _settle(work)
    raw = observe_raw(work)
    if raw is None and seen_within:
        work.wait(lambda: _hidden(work), limit=seen_within)
        raw = observe_raw(work)
    if raw is None:
        raise NotSettled("it is gone right after it was changed")
    return {**work.inputs, **outputs(work, raw)}


def read(work: Work) -> tuple[Properties, Properties] | None:
    """The resource's inputs and outputs as the API has them; None if it is gone."""
    raw = observe_raw(work)
    if raw is None:
        return None
    entry = work.entry
    inputs = {
        key: value
        if key in words(entry.local) or key.startswith("__")
        else observe(value, found(entry, raw, key), entry.names, key)
        for key, value in work.inputs.items()
    }
    if "tags" in inputs and entry.tags is not None:
        # All of them count, not only those that the program set.
        inputs["tags"] = raw["tags"]
    work.inputs = inputs
    return inputs, {**inputs, **outputs(work, raw)}


def delete(work: Work) -> None:
    """Deletes the resource and waits until it is gone. One that is gone already is as good."""
    action = work.entry.delete
    if action is None:
        return
    work.wait(lambda: _in_use(work, action), limit=IN_USE_SECONDS)
    if work.entry.lasting_delete:
        work.wait(lambda: None if (raw := observe_raw(work)) is None else _status(work, raw))


def _in_use(work: Work, action: ApiCall | SeveralCalls) -> str | None:
    """Deletes; returns who still uses it, if someone does. What AWS lets go takes it a moment to forget."""
    try:
        _perform(action, work, {})
    except ClientError as error:
        if is_in_use(error):
            return str(error)
        if not is_gone(error):
            raise
    return None


def observe_raw(work: Work) -> dict[str, Any] | None:
    """What the API says about the resource; None if it's gone."""
    raw: dict[str, Any] = {}
    for at, action in enumerate(work.entry.read):
        try:
            result = _perform(action, work, {})
        except ClientError as error:
            if not is_gone(error):
                raise
            result = None
        if result is None and at == 0:
            return None
        raw |= _members(result)
    tags = {} if work.entry.tags is None else read_tags(work, work.entry.tags, raw)
    place = {"Region": work.region, "Account": work.cloud.account, "Partition": work.cloud.partition}
    return {**raw, **place, "Id": work.id, "Inputs": work.inputs, **tags}


def outputs(work: Work, raw: dict[str, Any]) -> Properties:
    """What the state holds besides the inputs."""
    entry = work.entry
    shown = {key: found(entry, raw, key) for key in words(entry.outputs) | words(entry.secrets)}
    outputs = {key: as_output(value) for key, value in shown.items() if value not in (NOT_SHOWN, None)}
    outputs |= {
        key: SecretOutput(outputs.get(key, work.inputs.get(key)))
        for key in words(entry.secrets)
        if key in outputs or key in work.inputs
    }
    if entry.tags is not None:
        outputs["tagsAll"] = work.inputs.get("tags") or {}
    return {"region": work.region, **outputs}


def _perform(action: ApiCall | SeveralCalls, work: Work, inputs: Properties) -> Any:
    return action.run(work) if isinstance(action, SeveralCalls) else work.do(action, inputs)


def _settle(work: Work) -> None:
    ready = work.entry.ready
    if isinstance(ready, Ready):
        work.wait(lambda: _unsettled(work, ready))
    elif ready is not None:
        ready(work)


def _unsettled(work: Work, ready: Ready) -> str | None:
    """Why the resource can't be used yet."""
    raw = observe_raw(work)
    if raw is None:
        return "not there yet"
    if search(ready.failed, raw):
        raise NotSettled(f"it failed: {_status(work, raw)}")
    return None if search(ready.when, raw) else _status(work, raw)


def _status(work: Work, raw: dict[str, Any]) -> str:
    ready = work.entry.ready
    return str(search(ready.says, raw)) if isinstance(ready, Ready) else "deleting"


def _members(response: Any) -> dict[str, Any]:
    return response if isinstance(response, dict) else {}
