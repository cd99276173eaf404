"""The agent: from power-on to sessions without end."""

from __future__ import annotations

import os
import select
import threading
import time
from typing import Any, Optional

from servicevm_agent import bootstrap as bootstrap_document
from servicevm_agent.bootstrap import Bootstrap, BootstrapError
from servicevm_agent.cards import Cards
from servicevm_agent.chance import uniform
from servicevm_agent.enrolment import enrol
from servicevm_agent.identity import Identity, IdentityError
from servicevm_agent.journal import Journal
from servicevm_agent.layout import Layout
from servicevm_agent.log import log
from servicevm_agent.peer import Peer, SessionLost
from servicevm_agent.service import Environment
from servicevm_agent.service_host import ServiceHost
from servicevm_agent.services import Factories
from servicevm_agent.session_client import SessionClient
from servicevm_agent.streams import (
    SerialStream,
    Stream,
    StreamLost,
    TcpStream,
    find_port,
)
from servicevm_agent.wake import Wake
from servicevm_agent.wire import WireError

_MAX_DELAY = 60.0
_CONNECT_TIMEOUT = 10.0
#: Seconds to wait for an echo on the serial port before it is opened anew.
_ECHO_TIMEOUT = 300.0
#: A session that lasted so many seconds was a good one.
_GOOD = 30.0


class Agent:
    """:param wake: its `stop` ends `run`"""

    def __init__(self, layout: Layout, wake: Wake) -> None:
        self._layout = layout
        self._wake = wake
        self._boot_id = _boot_id()
        self._failures = 0
        self._relay = 0

    def run(self) -> None:
        """Serve until stopped.

        :raises BootstrapError: the device was told nothing usable
        :raises OSError: network cards or disks cannot be used
        """
        threading.excepthook = _die
        layout = self._layout
        for folder in (layout.state, layout.run):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        told = self._bootstrap()
        cards = Cards(layout, told)
        for mac in cards.set_up():
            # The relay is to hear of the device all the same.
            log(f"there is no card with the address {mac}")
        host = ServiceHost(
            Journal(os.path.join(layout.state, "journal")),
            Environment(layout, cards.egress_proxy),
            Factories(),
            self._wake,
        )
        host.restore()
        host.start()
        identity = Identity(layout.state, told.ca_bundle, layout.openssl)
        while not self._wake.stopping:
            self._once(told, identity, host, cards)

    def _bootstrap(self) -> Bootstrap:
        layout = self._layout
        if layout.bootstrap is None:
            from servicevm_agent.config_drive import read_config_drive

            text, place = read_config_drive(layout.sys, layout.dev)
        else:
            place = layout.bootstrap
            try:
                with open(place, encoding="utf-8") as file:
                    text = file.read()
            except OSError as error:
                raise BootstrapError(str(error)) from None
        try:
            told = bootstrap_document.parse(text)
        except BootstrapError as error:
            raise BootstrapError(
                f"{place} is not what servicevm tells a device: {error}"
            ) from None
        log(f"told by {place}")
        return told

    def _once(
        self,
        told: Bootstrap,
        identity: Identity,
        host: ServiceHost,
        cards: Cards,
    ) -> None:
        """Connect once: to enrol, or for a session."""
        began = time.monotonic()
        enrolling = not identity.enrolled or identity.expired()
        try:
            if enrolling:
                # Before the connection is made: it takes a moment.
                identity.pending_csr()
            stream = self._connect(told)
            try:
                self._converse(stream, told, identity, host, cards, enrolling)
            finally:
                stream.close()
            self._failures = 0
        except (StreamLost, SessionLost, IdentityError, WireError) as error:
            if self._wake.stopping:
                return
            log(str(error))
            if isinstance(error, SessionLost) and error.elsewhere:
                self._relay += 1
            if isinstance(error, (StreamLost, SessionLost)) and error.again:
                self._failures = 0
                return
            if time.monotonic() - began > _GOOD:
                self._failures = 0
            self._rest()

    def _converse(
        self,
        stream: Stream,
        told: Bootstrap,
        identity: Identity,
        host: ServiceHost,
        cards: Cards,
        enrolling: bool,
    ) -> None:
        peer = Peer(
            stream,
            identity.context(enrolling=enrolling),
            told.deployment_id,
            told.relay_group,
            self._wake,
        )
        try:
            if enrolling:
                enrol(peer, identity, told.token, told.device_id)
                log("enrolled")
                return
            SessionClient(
                peer,
                host,
                cards,
                identity,
                self._wake,
                self._boot_id,
                movable=len(told.relays) > 1,
            ).run()
        finally:
            peer.close()

    def _connect(self, told: Bootstrap) -> Stream:
        """:raises StreamLost: there is no way at the moment"""
        if not told.port:
            address = told.relays[self._relay % len(told.relays)]
            return TcpStream(address, _CONNECT_TIMEOUT)
        path = find_port(self._layout.sys, self._layout.dev, told.port)
        if path is None:
            raise StreamLost(f"there is no serial port {told.port}")
        return SerialStream(path, self._wake.fileno(), _ECHO_TIMEOUT)

    def _rest(self) -> None:
        """Wait a while, longer each time, with full jitter; then try the
        next relay."""
        self._relay += 1
        most = min(_MAX_DELAY, 2.0**self._failures)
        self._failures = min(self._failures + 1, 10)
        until = time.monotonic() + uniform(0, most)
        poll = select.poll()
        poll.register(self._wake.fileno(), select.POLLIN)
        while not self._wake.stopping:
            left = until - time.monotonic()
            if left <= 0:
                return
            poll.poll(int(left * 1000) + 1)
            self._wake.clear()


def _die(args: Any, /) -> None:
    """A thread that fails takes the agent with it; init starts it anew."""
    reason: Optional[BaseException] = args.exc_value
    import traceback

    traceback.print_exception(args.exc_type, reason, args.exc_traceback)
    os._exit(70)


def _boot_id() -> str:
    """Return what tells this boot of the kernel from all others."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return os.urandom(16).hex()
