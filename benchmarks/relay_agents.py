"""Many agents in one process, for the benchmarks of the relay."""

import asyncio
import ssl
import tempfile
import uuid
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.relay_server import Server
from servicevm_agent import wire

#: Handshakes under way at once.
_AT_ONCE = 16
HELLO = {
    "proto": 1,
    "agent_version": "1.0",
    "boot_id": "00000000-0000-4000-8000-000000000000",
    "ready": True,
    "services": {},
}
#: Of a device with one service, of which there is no news.
BEAT = {
    "services": {},
    "counters": {
        "00000000-0000-4000-8000-000000000001": {
            "connections_total": 123456789,
            "bytes_in": 12345678901,
            "bytes_out": 12345678901,
        }
    },
    "boot_id": HELLO["boot_id"],
}


class Identities:
    """TLS contexts for agents; one key for all, a certificate each."""

    def __init__(self, server: Server) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self._key = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self._csr = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([]))
            .sign(key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
            .decode()
        )
        self._authority = server.authority

    def context(self, device_id: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.load_verify_locations(cadata=self._authority.ca_bundle)
        context.set_alpn_protocols([wire.ALPN_SESSION])
        leaf = self._authority.sign(self._csr, device_id)
        with tempfile.NamedTemporaryFile() as pem:
            Path(pem.name).write_bytes(self._key + leaf.certificate.encode())
            context.load_cert_chain(pem.name)
        return context


class Agent(asyncio.Protocol):
    """Says hello, then whatever it is told to say."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._channel = wire.SecureChannel(context, server_side=False)
        self._wire = wire.Session({})
        self._transport: asyncio.Transport | None = None
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._wire.call("hello", dict(HELLO), now=0, timeout=1e9)
        self._flush()

    def data_received(self, data: bytes) -> None:
        said = self._channel.receive(data)
        for event in self._wire.receive(said, 0):
            assert isinstance(event, wire.Response), event
            self.opened.set_result(None)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("refused"))

    def beat(self) -> None:
        self._wire.notify("heartbeat", BEAT)
        self._flush()

    def close(self) -> None:
        assert self._transport is not None
        self._channel.close()
        self._transport.write(self._channel.outgoing())
        self._transport.close()

    def _flush(self) -> None:
        assert self._transport is not None
        self._channel.send(self._wire.outgoing())
        self._transport.write(self._channel.outgoing())


async def connect(server: Server, count: int) -> list[Agent]:
    """Open `count` sessions."""
    identities = Identities(server)
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one() -> Agent:
        async with gate:
            context = identities.context(str(uuid.uuid4()))
            _, agent = await loop.create_connection(
                lambda: Agent(context), *server.address
            )
            await asyncio.wait_for(agent.opened, 60)
            return agent

    return await asyncio.gather(*(one() for _ in range(count)))
