"""What moto's ACM lacks: a certificate is issued once the record that proves its domain is published."""

from collections.abc import Iterator
from typing import Any

from moto.acm.models import CertBundle
from moto.core.utils import utcnow
from moto.route53.models import route53_backends

from rehearsal.cloud.moto_patch import patch

_OF_ISSUED = ("IssuedAt", "NotAfter", "NotBefore", "Serial")
_check, _describe = CertBundle.check, CertBundle.describe


def patch_moto() -> None:
    """Replace what falls short; once a process."""
    patch(CertBundle, check=_issue_if_proved, describe=_describe_as_it_is, issued_at=None)


def _issue_if_proved(certificate: Any) -> None:
    if certificate.status != "PENDING_VALIDATION":
        _check(certificate)
    elif set(_asked_for(certificate)) <= set(_published(certificate)):
        certificate.status, certificate.issued_at = "ISSUED", utcnow()


def _asked_for(certificate: Any) -> Iterator[tuple[str, str]]:
    """The records, by name and value, that prove the certificate's domains."""
    for option in _describe(certificate)["Certificate"]["DomainValidationOptions"]:
        record = option["ResourceRecord"]
        yield record["Name"].rstrip("."), record["Value"].rstrip(".")


def _published(certificate: Any) -> Iterator[tuple[str, str]]:
    """The CNAME records of the account's public zones."""
    account = certificate.arn.split(":")[4]
    for backend in route53_backends[account].values():
        for zone in backend.zones.values():
            for record in [] if zone.private_zone else zone.rrsets:
                for value in record.records if record.type == "CNAME" else []:
                    yield record.name.rstrip("."), value.rstrip(".")


def _describe_as_it_is(certificate: Any) -> dict[str, Any]:
    answer = _describe(certificate)
    described = answer["Certificate"]
    if certificate.status == "PENDING_VALIDATION":
        for name in _OF_ISSUED:
            described.pop(name, None)
    elif certificate.issued_at:
        described["IssuedAt"] = certificate.issued_at.timestamp()
    return answer
