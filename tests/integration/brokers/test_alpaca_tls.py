"""The live address is reached over TLS: what left is known there too, and who is not the venue gets nothing."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.alpaca.broker import AlpacaBroker
from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
from shared.domain.errors import AmbiguousError, RetryableError
from tests.integration.brokers.alpaca_recorder import an_order


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate for this host and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "venue")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@contextlib.contextmanager
def serving(certificate: Path, answer: bytes, heard: list[bytes]) -> Iterator[str]:
    """A server that hears one request on every connection, gives the answer and hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    heard.append(connection.recv(65536))
                    connection.sendall(answer)

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        server.join(5)


def open_at(adapter: AlpacaAdapter, url: str, trusted: Path | None) -> AlpacaBroker:
    access = AccountAccess("a", "alpaca", Environment.LIVE, Credentials("key", "secret"), url)
    broker = adapter.open_broker(access)
    assert isinstance(broker, AlpacaBroker)
    if trusted is not None:
        broker._session._client._session.verify = str(trusted)
    return broker


async def test_a_connection_that_is_lost_after_the_first_byte_is_ambiguous_over_tls_too(
    certificate: Path,
) -> None:
    adapter, heard = AlpacaAdapter(), list[bytes]()
    with serving(certificate, b"", heard) as url:
        with pytest.raises(AmbiguousError, match="CONNECTION_LOST"):
            await open_at(adapter, url, certificate).submit_order(an_order())
        assert len(heard) == 1
        assert heard[0].startswith(b"POST /v2/orders HTTP/1.1\r\n")
    await adapter.close()


async def test_an_answer_over_tls_is_read(certificate: Path) -> None:
    adapter, heard = AlpacaAdapter(), list[bytes]()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
    with serving(certificate, answer, heard) as url:
        assert list(await open_at(adapter, url, certificate).fetch_open_orders()) == []
    await adapter.close()


async def test_who_cannot_prove_to_be_the_venue_gets_no_byte(certificate: Path) -> None:
    adapter, heard = AlpacaAdapter(), list[bytes]()
    with serving(certificate, b"", heard) as url:
        with pytest.raises(RetryableError, match="NOT_CONNECTED"):
            await open_at(adapter, url, None).submit_order(an_order())
        assert heard in ([], [b""])
    await adapter.close()
