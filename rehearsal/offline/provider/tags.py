"""Tags, which every service changes and shows by calls of its own."""

from typing import Any

from botocore.exceptions import ClientError

from rehearsal.offline.provider.call import ApiCall, call
from rehearsal.offline.provider.errors import is_gone
from rehearsal.offline.provider.observe import as_mapping
from rehearsal.offline.provider.resource import Tags, Work

SHOWN_AS = ("Tags", "TagList", "TagSet", "tags")

EC2 = Tags(
    add=call("create_tags", Resources=["{id}"], Tags="{tags}"),
    remove=call("delete_tags", Resources=["{id}"], Tags="{tags}"),
)


def by_arn(arn: str) -> Tags:
    """Tags of RDS and ElastiCache, whose calls take a resource's ARN."""
    return Tags(
        add=call("add_tags_to_resource", ResourceName=arn, Tags="{tags}"),
        remove=call("remove_tags_from_resource", ResourceName=arn, TagKeys="{keys}"),
        read=call("list_tags_for_resource", "TagList", ResourceName=arn),
    )


def change_tags(work: Work, tags: Tags, old: dict[str, str]) -> None:
    """Adds what is new or different, removes what is left out."""
    new = work.inputs.get("tags") or {}
    stale = {key: value for key, value in old.items() if key not in new}
    fresh = {key: value for key, value in new.items() if old.get(key) != value}
    if stale:
        work.do(tags.remove, tags=stale, keys=sorted(stale), all=new)
    if fresh:
        work.do(tags.add, tags=fresh, all=new)


def read_tags(work: Work, tags: Tags, raw: dict[str, Any]) -> dict[str, Any]:
    """The resource's tags, as the member `tags`."""
    shown = _shown(raw) if tags.read is None else _asked(work, tags.read)
    if isinstance(shown, dict):
        return {"tags": {key: value for key, value in shown.items() if not key.startswith("aws:")}}
    return {"tags": as_mapping(shown or [])}


def _asked(work: Work, read: ApiCall) -> Any:
    try:
        return work.do(read)
    except ClientError as error:
        # S3 says that there is no set of tags.
        if not is_gone(error):
            raise
        return None


def _shown(raw: dict[str, Any]) -> Any:
    return next((raw[name] for name in SHOWN_AS if name in raw), None)
