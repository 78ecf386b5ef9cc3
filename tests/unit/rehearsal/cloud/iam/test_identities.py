"""Whose a key is."""

import datetime
from dataclasses import replace

import pytest
from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends

from rehearsal.access_key import AccessKey
from rehearsal.cloud.iam.identities import Identities
from rehearsal.cloud.refusals import Reason, RefusedError
from rehearsal.sigv4 import Claim

OWN = AccessKey(id="AKIAOWN", secret="secret")
CLAIM = Claim(
    key_id=OWN.id,
    day="20261129",
    region="eu-central-1",
    service="sts",
    time="20261129T120000Z",
    signed_headers=("host",),
    signature="",
    token=None,
)


@pytest.fixture(scope="module")
def session() -> AssumedRole:
    """Of a role, for a quarter of an hour."""
    backend = sts_backends["123456789012"]["aws"]
    return backend.assume_role("eu-central-1", "i-1", "arn:aws:iam::123456789012:role/r", "", 900, "")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def claim_of(session: AssumedRole) -> Claim:
    return replace(CLAIM, key_id=session.access_key_id, token=session.session_token)


def test_the_rehearsals_key_is_the_deployers() -> None:
    """Without a session, so that nothing is asked of a policy."""
    found = Identities(OWN).find(CLAIM, now())
    assert (found.secret, found.session, found.service) == ("secret", None, "sts")
    assert "secret" not in repr(found)


def test_a_sessions_key_is_its_roles(session: AssumedRole) -> None:
    """For as long as it lasts."""
    found = Identities(OWN).find(claim_of(session), now())
    assert found.session is session
    with pytest.raises(RefusedError) as refused:
        Identities(OWN).find(claim_of(session), now() + datetime.timedelta(minutes=16))
    assert refused.value.reason == Reason.EXPIRED_TOKEN


def test_a_users_key_may_expire() -> None:
    """Where a fault says so, until another one says otherwise."""
    users = iam_backends["123456789012"]["aws"]
    users.create_user("eu-central-1", "expiring")
    claim = replace(CLAIM, key_id=users.create_access_key("expiring").access_key_id)
    identities = Identities(OWN)
    assert identities.is_of_user(claim.key_id)
    identities.expired.add(claim.key_id)
    with pytest.raises(RefusedError) as refused:
        identities.find(claim, now())
    assert refused.value.reason == Reason.EXPIRED_TOKEN
    identities.expired.clear()
    assert identities.find(claim, now()).user is users.get_user("expiring")


def test_a_key_is_good_with_its_own_token_only(session: AssumedRole) -> None:
    """The deployer's has none."""
    claim = claim_of(session)
    for wrong in (replace(claim, token=None), replace(claim, token="x"), replace(CLAIM, token="x")):
        with pytest.raises(RefusedError) as refused:
            Identities(OWN).find(wrong, now())
        assert refused.value.reason == Reason.WRONG_TOKEN


def test_any_other_key_is_nobodys() -> None:
    """Also one that moto would take for an account's."""
    with pytest.raises(RefusedError) as refused:
        Identities(OWN).find(replace(CLAIM, key_id="AKIAIOSFODNN7EXAMPLE"), now())
    assert refused.value.reason == Reason.UNKNOWN_KEY
