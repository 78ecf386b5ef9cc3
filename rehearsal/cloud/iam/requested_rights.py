"""The rights that a request needs, by AWS's Service Authorization Reference (rights/)."""

from collections.abc import Iterator
from typing import Any

from rehearsal.cloud.iam import authorization, holder
from rehearsal.cloud.iam.identities import Identity
from rehearsal.cloud.iam.rights.actions import UnknownActionError
from rehearsal.cloud.iam.rights.needs import Right, needs
from rehearsal.cloud.iam.rights.resources import Place
from rehearsal.cloud.judge import requests
from rehearsal.cloud.kms import keys
from rehearsal.cloud.refusals import Reason, RefusedError

_TAGS_OF_BUCKETS = f"{requests.S3_CONTROL}tags/"
_S3_CONTROL = {"GET": "s3:ListTagsForResource", "POST": "s3:TagResource", "DELETE": "s3:UntagResource"}
"""S3 Control, by which the official plugin tags buckets: https://docs.aws.amazon.com/AmazonS3/latest/API/"""


def rights(environ: dict[str, Any], arn: str, identity: Identity, place: Place) -> Iterator[Right]:
    """What whoever has the ARN needs for a request; RefusedError where that can't be told."""
    if identity.service == "s3" and environ["PATH_INFO"].startswith(_TAGS_OF_BUCKETS):
        tagged = environ["PATH_INFO"].removeprefix(_TAGS_OF_BUCKETS)
        yield Right(action=_S3_CONTROL[environ["REQUEST_METHOD"]], resource=tagged)
        return
    try:
        call = requests.read(environ, identity.service, identity.region)
    except requests.UnreadableError:
        return  # the judge says so
    if call is None or authorization.is_ambiguous(environ):
        raise holder.unjudged(arn)
    try:
        call, aliases = keys.named(call, place)
        yield from needs(call, place, aliases)
    except UnknownActionError as error:
        raise RefusedError(Reason.NOT_GRANTED, str(error)) from error
