"""Certificates: what the authority signs, a client that trusts it accepts."""

import ssl
import threading
from pathlib import Path
from socket import create_connection, create_server, socket

import pytest

from rehearsal.cloud.certificates import CertificateAuthority, CertificateFiles


def handshake(authority: CertificateAuthority, certificate: CertificateFiles, name: str) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.certificate, certificate.key)
    client = ssl.create_default_context(cafile=str(authority.path))
    with create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, server))
        thread.start()
        try:
            with create_connection(listener.getsockname()) as plain:
                client.wrap_socket(plain, server_hostname=name).close()
        finally:
            thread.join()


def _accept(listener: socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    try:
        context.wrap_socket(connection, server_side=True).close()
    except (ssl.SSLError, OSError):
        connection.close()  # the client refused; it tells why


def test_a_client_that_verifies_fully_accepts_each_name_of_the_server(tmp_path: Path) -> None:
    """Its addresses and its DNS names; the key is the owner's alone."""
    authority = CertificateAuthority(tmp_path)
    certificate = authority.issue(tmp_path, addresses=["127.9.0.1", "127.9.0.2"], names=["app.example"])
    for name in ("127.9.0.1", "127.9.0.2", "app.example"):
        handshake(authority, certificate, name)
    assert certificate.key.stat().st_mode & 0o777 == 0o600


def test_a_client_refuses_another_name_and_another_authority(tmp_path: Path) -> None:
    """So a mixed-up endpoint does not pass unseen."""
    authority = CertificateAuthority(tmp_path)
    certificate = authority.issue(tmp_path, addresses=["127.9.0.1"])
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority, certificate, "127.9.0.3")
    (tmp_path / "other").mkdir()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(CertificateAuthority(tmp_path / "other"), certificate, "127.9.0.1")
