"""What moto lacks of an object, and answers with the object itself."""

from typing import Any

from moto.s3.responses import S3Response

from rehearsal.cloud.moto_patch import patch

LACKING = ("annotation", "retention", "torrent")
_of_a_key: Any = S3Response._key_response_get


def patch_moto() -> None:
    """Say so; once a process."""
    patch(S3Response, _key_response_get=_of_what_there_is)


def _of_what_there_is(response: S3Response, query: dict[str, Any], key_name: str) -> Any:
    for name in LACKING:
        if name in query:
            raise NotImplementedError(f"The rehearsal has no {name} of objects")
    return _of_a_key(response, query, key_name)
