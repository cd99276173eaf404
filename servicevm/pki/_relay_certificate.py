"""A relay's certificate while the relay runs."""

import logging
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography import x509

from servicevm import clock
from servicevm.pki._authority import DAY

LOG = logging.getLogger(__name__)

#: Days before its end from which a certificate is warned of, once a day.
WARN_DAYS = 30

#: When a file was written, which one it is, and its size.
_Stamp = tuple[int, int, int] | None


class RelayCertificate:
    """Takes up new files for new sessions; says so before it is too late.

    Sessions go on with what they began with.

    :param load: makes what is served with of the files as they are
    :param files: these; the certificate's is the first
    :param renew: makes a new certificate when it is time for one; a relay
        that has no CA has no such thing, and asks in its log
    :raises OSError: a file is missing, or they do not belong together
    :raises ValueError: the first holds no certificate
    """

    def __init__(
        self,
        load: Callable[[], ssl.SSLContext],
        files: Sequence[Path],
        *,
        renew: Callable[[], None] | None = None,
    ) -> None:
        self._load = load
        self._files = files
        self._renew = renew
        self._taken = self._stamps()
        self._refused: list[_Stamp] = []
        self._next_warning = self._next_renewal = 0
        #: What to serve with.
        self.context = load()
        #: When it ends, in microseconds since 1970.
        self.not_after = self._end()

    def look(self) -> bool:
        """Whether `context` is another one now; call it now and then.

        Takes milliseconds. What goes wrong is logged, and the former
        certificate stays.
        """
        now = clock.now_us()
        if self._renew is not None and now >= self._next_renewal:
            self._next_renewal = now + DAY
            try:
                self._renew()
            except (OSError, ValueError) as error:
                LOG.error("The certificate can not be renewed: %s", error)
        newer = self._take_up()
        left = self.not_after - now
        if left < WARN_DAYS * DAY and now >= self._next_warning:
            self._next_warning = now + DAY
            LOG.warning(
                "The certificate %s %s %s. Agents do not come to a relay "
                "whose certificate is over. Put a new one in its place: "
                "servicevm-manage pki relay-certificate NAME --group GROUP "
                "--output DIR; it is taken up without a restart.",
                self._files[0],
                "ends at" if left > 0 else "ended at",
                clock.isoformat(self.not_after),
            )
        return newer

    def _take_up(self) -> bool:
        stamps = self._stamps()
        if stamps == self._taken:
            return False
        try:
            context, not_after = self._load(), self._end()
        except (OSError, ValueError) as error:
            # Key and certificate come one after the other.
            if stamps != self._refused:
                LOG.warning(
                    "%s changed and can not be used yet: %s",
                    self._files[0],
                    error,
                )
            self._refused = stamps
            return False
        self._taken, self.context, self.not_after = stamps, context, not_after
        self._next_warning = 0
        LOG.info(
            "New sessions have the certificate that ends at %s.",
            clock.isoformat(not_after),
        )
        return True

    def _end(self) -> int:
        """Microseconds since the epoch."""
        certificate = x509.load_pem_x509_certificate(
            self._files[0].read_bytes()
        )
        end = certificate.not_valid_after_utc.timestamp()
        return int(end) * clock.SECOND

    def _stamps(self) -> list[_Stamp]:
        return [_stamp(file) for file in self._files]


def _stamp(file: Path) -> _Stamp:
    try:
        found = file.stat()
    except OSError:
        # Gone, or out of reach for now; reading it says which.
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
