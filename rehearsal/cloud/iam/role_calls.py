"""What roles may do with services whose actions do not pass moto's seam, such as an app's own queue."""

from typing import Any

from moto.sts.models import AssumedRole
from moto.utilities.utils import get_partition

from rehearsal.cloud.iam.authorization import refusal_of
from rehearsal.cloud.iam.identities import Identity
from rehearsal.cloud.iam.requested_rights import rights
from rehearsal.cloud.iam.resources import Need
from rehearsal.cloud.iam.rights.resources import Place
from rehearsal.cloud.refusals import Reason, RefusedError


def ask(environ: dict[str, Any], session: AssumedRole, identity: Identity) -> None:
    """Raise RefusedError for a request that the role has no right to."""
    place = Place(
        partition=get_partition(identity.region), region=identity.region, account=session.account_id
    )
    needs = [
        Need(action=right.action, resource=right.resource)
        for right in rights(environ, session.arn, identity, place)
    ]
    if refusal := refusal_of(session, needs):
        raise RefusedError(Reason.NOT_GRANTED, refusal)
