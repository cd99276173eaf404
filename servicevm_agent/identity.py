"""The device's key and certificate on the state disk.

``identity.pem`` holds key and certificate together, so that one rename
replaces both. ``pending.pem``, a key and the request for its certificate,
exists while that is asked for: the same request again gets the same answer,
also after a power cut. The private key never leaves the disk and this process.
"""

from __future__ import annotations

import os
import ssl
import time
from typing import Optional, Tuple

from servicevm_agent import durable, key_request
from servicevm_agent.certificate import validity
from servicevm_agent.chance import uniform
from servicevm_agent.wire import ALPN_ENROL, ALPN_SESSION

_REQUEST = "-----BEGIN CERTIFICATE REQUEST-----"


class IdentityError(Exception):
    """The key or the certificate cannot be made, read or used."""


class Identity:
    """:param folder: on the state disk
    :param ca_bundle: from the bootstrap document; a newer one from an
        earlier session is preferred
    """

    def __init__(self, folder: str, ca_bundle: str, openssl: str) -> None:
        self._openssl = openssl
        self._identity = os.path.join(folder, "identity.pem")
        self._ca = os.path.join(folder, "ca.pem")
        self._pending = os.path.join(folder, "pending.pem")
        self._ca_bundle = _read(self._ca) or ca_bundle
        self._jitter = uniform(0.9, 1.1)

    @property
    def enrolled(self) -> bool:
        """There is a certificate."""
        return os.path.exists(self._identity)

    def pending_csr(self) -> str:
        """Return the certificate request (PEM); make key and request once.

        :raises IdentityError: it cannot be made
        """
        request = self._pending_parts()[1]
        if request:
            return request
        try:
            key, made = key_request.make(
                self._openssl, self._pending + ".scratch"
            )
            durable.write(self._pending, key + made)
        except (OSError, key_request.KeyRequestError) as error:
            raise IdentityError(f"a key: {error}") from None
        return made.decode()

    def accept(self, certificate: str, ca_bundle: str) -> None:
        """Take the certificate that answers the pending request.

        :raises IdentityError: it does not fit the key, is no certificate, or
            the disk is full; what was there before is still there
        """
        key, request = self._pending_parts()
        if not request:
            raise IdentityError("nothing was asked for")
        candidate = self._identity + ".candidate"
        try:
            validity(certificate)
            durable.write(candidate, (key + certificate).encode())
            _client_context().load_cert_chain(candidate)
            self.trust(ca_bundle)
            os.replace(candidate, self._identity)
            durable.remove(self._pending)
        except (OSError, ValueError) as error:  # SSLError is an OSError
            _remove(candidate)
            raise IdentityError(f"the certificate: {error}") from None

    def trust(self, ca_bundle: str) -> None:
        """Believe these authorities from the next session on.

        :raises IdentityError: there is no certificate in it, or the disk is
            full
        """
        if ca_bundle == self._ca_bundle:
            return  # kept already, or on the config drive
        try:
            _client_context().load_verify_locations(cadata=ca_bundle)
            durable.write(self._ca, ca_bundle.encode())
        except OSError as error:  # SSLError is one
            raise IdentityError(f"the CA bundle: {error}") from None
        self._ca_bundle = ca_bundle

    def renew_at(self) -> float:
        """Return when (seconds since the epoch) to ask for a new
        certificate: at half its life, give or take a tenth.

        :raises IdentityError: there is none, or it cannot be read
        """
        try:
            start, end = validity(_read(self._identity) or "")
        except ValueError as error:
            raise IdentityError(str(error)) from None
        return start + (end - start) / 2 * self._jitter

    def expired(self) -> bool:
        """The certificate's time is over."""
        try:
            return validity(_read(self._identity) or "")[1] <= time.time()
        except ValueError:
            return True

    def context(self, *, enrolling: bool) -> ssl.SSLContext:
        """Return the TLS client context.

        The relay's host name is not checked; its URI is, by the caller.

        :raises IdentityError: certificate or CA bundle are damaged
        """
        context = _client_context()
        try:
            context.load_verify_locations(cadata=self._ca_bundle)
            if enrolling:
                context.set_alpn_protocols([ALPN_ENROL])
            else:
                context.load_cert_chain(self._identity)
                context.set_alpn_protocols([ALPN_SESSION])
        except (OSError, ssl.SSLError) as error:
            raise IdentityError(str(error)) from None
        return context

    def _pending_parts(self) -> Tuple[str, str]:
        """Key and request; the latter is empty if there is none."""
        key, begin, rest = (_read(self._pending) or "").partition(_REQUEST)
        return key, begin + rest


def _client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _remove(path: str) -> None:
    try:
        durable.remove(path)
    except OSError:
        pass  # the disk is gone; it is written anew, if ever


def _read(path: str) -> Optional[str]:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return None
