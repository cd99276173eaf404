"""TLS without a socket: bytes in, bytes out."""

from __future__ import annotations

import ssl
from typing import Any, Dict, List, Optional, Union

from servicevm_agent._frames import MAX_FRAME, WireError

#: Least bytes of a read: a heartbeat, with what TLS adds to it.
_CHUNK = 512


class SecureChannel:
    """One TLS connection over `ssl.MemoryBIO`.

    Works the same over TCP and over a serial port, and costs about 30 KiB
    where asyncio's own TLS costs about 290.

    :param context: TLS 1.3; host names are not checked, the caller looks
        at the peer's certificate once `ready`
    """

    __slots__ = (
        "_closing",
        "_from_peer",
        "_queued",
        "_tls",
        "_to_peer",
        "closed",
        "ready",
    )

    def __init__(self, context: ssl.SSLContext, *, server_side: bool) -> None:
        self._from_peer = ssl.MemoryBIO()
        self._to_peer = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._from_peer, self._to_peer, server_side=server_side
        )
        self._queued = bytearray()  # what was sent before `ready`
        self._closing = False
        #: The handshake is over on our side. With TLS 1.3 a client learns
        #: only later, from `receive`, that the server refuses it.
        self.ready = False
        #: The peer closed its side properly.
        self.closed = False
        if not server_side:
            self._handshake()

    def receive(self, data: Union[bytes, memoryview]) -> bytes:
        """Take what came from the peer; return what it says.

        Look at `outgoing` afterwards, also after an exception: an alert
        may wait there.

        :raises ssl.SSLError: the handshake or a record is bad
        """
        self._from_peer.write(data)
        if not self.ready:
            self._handshake()
            if not self.ready:
                return b""
        # Room that is not filled costs more than the reading of a heartbeat.
        size = len(data)
        room = size if size > _CHUNK else _CHUNK
        said = b""
        while not self.closed:
            try:
                piece = self._tls.read(room)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            if not piece:
                self.closed = True
            said = said + piece if said else piece
            # A read takes a whole record, if there is room. With nothing
            # behind it another one would only raise, which costs more than
            # the read itself.
            if len(piece) < room and not self._from_peer.pending:
                break
        return said

    def send(self, data: bytes) -> None:
        """Say `data`; it waits in `outgoing`, or for the handshake.

        :raises WireError: ``closed``, or ``frame_too_large`` if more than
            a frame waits for the handshake
        """
        if self._closing:
            raise WireError("closed")
        if not self.ready:
            if len(self._queued) + len(data) > MAX_FRAME:
                raise WireError("frame_too_large", "before the handshake")
            self._queued += data
        elif data:
            # A memory BIO takes everything: no partial writes.
            self._tls.write(data)

    def outgoing(self) -> bytes:
        """Return, once, the bytes that wait to be sent."""
        return self._to_peer.read()

    def close(self) -> None:
        """Say goodbye; the alert waits in `outgoing`."""
        if self._closing:
            return
        self._closing = True
        if self.ready:
            try:
                self._tls.unwrap()
            except (ssl.SSLError, OSError):
                # Want-read: our alert is written, the peer's is not awaited.
                pass

    def peer_certificate_der(self) -> Optional[bytes]:
        """The peer's certificate, verified against the context's CA."""
        return self._tls.getpeercert(binary_form=True)

    def peer_uris(self) -> List[str]:
        """The URI names in the peer's certificate, once it is verified."""
        certificate: Dict[str, Any] = dict(self._tls.getpeercert() or {})
        names = certificate.get("subjectAltName", ())
        return [str(value) for kind, value in names if kind == "URI"]

    def alpn(self) -> Optional[str]:
        """The protocol that both sides agreed on."""
        return self._tls.selected_alpn_protocol()

    def _handshake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        self.ready = True
        if self._queued:
            self._tls.write(self._queued)
            self._queued = bytearray()
