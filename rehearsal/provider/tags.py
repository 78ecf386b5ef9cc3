"""Tags, which every service changes and shows by calls of its own."""

from typing import Any

from rehearsal.provider.observe import as_mapping
from rehearsal.provider.resource import Tags, call
from rehearsal.provider.work import Work

SHOWN_AS = ("Tags", "TagList", "TagSet", "tags")

EC2 = Tags(
    add=call("create_tags", Resources=["{id}"], Tags="{tags}"),
    remove=call("delete_tags", Resources=["{id}"], Tags="{tags}"),
)


def change_tags(work: Work, tags: Tags, old: dict[str, str]) -> None:
    """Adds what is new or different, removes what is left out."""
    new = work.inputs.get("tags") or {}
    stale = {key: value for key, value in old.items() if key not in new}
    fresh = {key: value for key, value in new.items() if old.get(key) != value}
    if stale:
        work.do(tags.remove, tags=stale, keys=sorted(stale))
    if fresh:
        work.do(tags.add, tags=fresh)


def read_tags(work: Work, tags: Tags, raw: dict[str, Any]) -> dict[str, Any]:
    """The resource's tags, as the member `tags`."""
    shown = work.do(tags.read) if tags.read is not None else _shown(raw)
    if isinstance(shown, dict):
        return {"tags": {key: value for key, value in shown.items() if not key.startswith("aws:")}}
    return {"tags": as_mapping(shown or [])}


def _shown(raw: dict[str, Any]) -> Any:
    return next((raw[name] for name in SHOWN_AS if name in raw), None)
