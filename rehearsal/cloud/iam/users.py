"""What IAM users may do, asked of their policies before a call goes on: the deployers are such users.

Their calls are judged by AWS's Service Authorization Reference (rights/), and the rights that they used are
written down, for their least policy is generated from that.
"""

import logging
import threading
from pathlib import Path
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import User
from moto.kms.models import kms_backends
from moto.utilities.utils import get_partition
from werkzeug.wrappers import Response

from rehearsal.cloud import refusals
from rehearsal.cloud.guard import dialect_of
from rehearsal.cloud.iam import holder, policies
from rehearsal.cloud.iam.identities import Identity
from rehearsal.cloud.iam.requested_rights import rights
from rehearsal.cloud.iam.rights.dependent import ABSENT
from rehearsal.cloud.iam.rights.needs import Right
from rehearsal.cloud.iam.rights.resources import Place
from rehearsal.cloud.refusals import Reason, RefusedError
from rehearsal.deployer.right import Deployed, general

RECORD = "rights-of-deployers.txt"
"""In the state folder: each right that a deployer used, once."""
log = logging.getLogger("rehearsal.cloud.iam.users")


class Users:
    """Asks what users may do; safe to share between threads."""

    def __init__(self, state_dir: Path) -> None:
        self._record = state_dir / RECORD
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def refused(self, environ: dict[str, Any], user: User, identity: Identity) -> Response | None:
        """AWS's answer to a call that the user lacks a right for; None for one that goes on."""
        try:
            self._ask(environ, user, identity)
        except RefusedError as error:
            refused = error
        except Exception:
            log.exception("the rights that a request needs could not be told; it is refused")
            refused = holder.unjudged(user.arn)
        else:
            return None
        return refusals.response(refused, dialect_of(environ, identity.service))

    def _ask(self, environ: dict[str, Any], user: User, identity: Identity) -> None:
        place = Place(
            partition=get_partition(identity.region), region=identity.region, account=user.account_id
        )
        documents = list(holder.documents(user))
        for right in rights(environ, user.arn, identity, place):
            self._note(right, place, user)
            context = {
                **ABSENT,
                **holder.context(user.arn, account=user.account_id, region=place.region),
                **_tags(right, place),
                **{key.lower(): value for key, value in right.context.items()},
            }
            if not policies.allows(documents, right.action, right.resource, context):
                refusal = holder.refusal(user.arn, right.action, right.resource)
                raise RefusedError(Reason.NOT_GRANTED, refusal)

    def _note(self, right: Right, place: Place, user: User) -> None:
        deployed = Deployed.by(user.path)
        line = None if deployed is None else general(right, place, deployed)
        with self._lock:
            if line is not None and str(line) not in self._seen:
                self._seen.add(str(line))
                with self._record.open("a") as record:
                    record.write(f"{line}\n")


def _tags(right: Right, place: Place) -> dict[str, str]:
    """Those of EC2's resources and of keys, as condition keys; none of one that is not there."""
    kind, _, name = (right.resource or "").rpartition("/")
    tags: dict[str, str] = {}
    if ":ec2:" in kind:
        tags = ec2_backends[place.account][place.region].tags.get(name, {})
    elif ":kms:" in kind:
        tags = kms_backends[place.account][place.region].tagger.get_tag_dict_for_resource(name)
    # https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html has the other.
    keys = ("aws:resourcetag", "ssm:resourcetag") if right.action.startswith("ssm:") else ("aws:resourcetag",)
    return {f"{name}/{key.lower()}": value for name in keys for key, value in tags.items()}
