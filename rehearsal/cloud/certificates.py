"""A certificate authority of the cloud's own, for the TLS of its databases, stores and load balancers."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rehearsal.cloud.secret_files import write_private
from rehearsal.processes import UnprivilegedUser

_VALIDITY = datetime.timedelta(days=365)
UNNAMED = "localhost"
"""For whom Node.js takes a server of which it is told an address, in a socket of its own, and no name: older
versions of `pg` (8.13) do so. On AWS a store has a name; here it has an address alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateFiles:
    """Where a server's certificate and its private key (mode 0600) lie."""

    certificate: Path
    key: Path


class CertificateAuthority:
    """Signs server certificates; clients trust `ca.pem`. The signing key never leaves the process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _common_name("Evenkeel rehearsal CA")
        self._certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.path = folder / "ca.pem"
        self.path.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def issue(
        self,
        folder: Path,
        *,
        addresses: Sequence[str],
        names: Sequence[str] = (),
        user: UnprivilegedUser | None = None,
    ) -> CertificateFiles:
        """Write `server.crt` and `server.key` into `folder` for a server at these addresses and DNS names.

        With `user` the key belongs to that user, as PostgreSQL and Redis demand.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [
            *(x509.IPAddress(ip_address(address)) for address in addresses),
            *(x509.DNSName(name) for name in names),
        ]
        certificate = (
            self._builder(_common_name([*addresses, *names][0]), key.public_key())
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        written = CertificateFiles(certificate=folder / "server.crt", key=folder / "server.key")
        written.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        write_private(
            written.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), owner=user
        )
        return written

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        authority = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + _VALIDITY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False)
        )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
