"""The CA's folder.

::

    <pki.dir>/              0700
        authority.pem       0600  the root's key and certificate
        relay-<name>.pem    0600  a relay's key and certificate
        trusted.pem         more roots that agents trust (roll-over), optional

A key and its certificate live in one file and arrive by rename, so that
being killed at any instant leaves either nothing or a whole pair.

A relay of its own has no such folder: `export_relay` makes the files that it
gets, `relay_file_certificate` serves with them.
"""

import contextlib
import datetime
import fcntl
import logging
import os
import re
import ssl
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from oslo_config import cfg

from servicevm import clock
from servicevm.conf import DEFAULT_RELAY_GROUP, RELAY_GROUP
from servicevm.pki._authority import (
    Authority,
    new_root,
    relay_group_uri,
    relay_uri,
)
from servicevm.pki._relay_certificate import RelayCertificate

LOG = logging.getLogger(__name__)

ALPN = ("svm/1", "svm-enrol/1")
_BEGIN = "-----BEGIN CERTIFICATE-----"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def ensure_authority(conf: cfg.ConfigOpts) -> None:
    """Make the folder and the root, where they are missing.

    Safe to call by several processes at once and to be killed in.
    """
    folder = _folder(conf)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with _locked(folder):
        root = folder / "authority.pem"
        if not root.exists():
            _write(root, new_root(conf.deployment_id, clock.now_us()))


def ensure(conf: cfg.ConfigOpts) -> None:
    """Make the folder, the root and this relay's certificate.

    What is there stays, except a relay's certificate that has less than
    half of its life left, another root, another name or another group. Safe
    to call by several processes at once and to be killed in.
    """
    ensure_authority(conf)
    folder = _folder(conf)
    with _locked(folder):
        name = _relay_name(conf)
        relay = _relay_file(conf)
        issuer = authority(conf)
        group = str(conf.relay.group)
        uris = [
            relay_uri(conf.deployment_id, name),
            relay_group_uri(conf.deployment_id, group),
        ]
        if not (relay.exists() and _still_good(relay, issuer, uris)):
            _write(relay, issuer.issue_relay(name, group))


def authority(conf: cfg.ConfigOpts) -> Authority:
    """Load the CA.

    :raises OSError: where `ensure` has not been called
    :raises ValueError: where what is there is not a key and a certificate
    """
    folder = _folder(conf)
    pem = (folder / "authority.pem").read_bytes()
    certificate = x509.load_pem_x509_certificate(pem)
    bundle = certificate.public_bytes(serialization.Encoding.PEM).decode()
    with contextlib.suppress(FileNotFoundError):
        bundle += _more_roots(folder / "trusted.pem")
    return Authority(
        pem,
        bundle,
        deployment_id=conf.deployment_id,
        leaf_days=conf.pki.leaf_days,
    )


def relay_context(conf: cfg.ConfigOpts) -> ssl.SSLContext:
    """What the relay serves with: TLS 1.3, client certificate optional.

    A certificate that is shown is verified against the bundle; whether one
    has to be shown depends on the ALPN protocol, which the relay checks.
    """
    context = _server_context()
    context.load_cert_chain(_relay_file(conf))
    context.load_verify_locations(cadata=authority(conf).ca_bundle)
    return context


def relay_certificate(conf: cfg.ConfigOpts) -> RelayCertificate:
    """The same for as long as it runs: renewed in time.

    :raises OSError: where `ensure` has not been called
    """
    folder = _folder(conf)
    return RelayCertificate(
        lambda: relay_context(conf),
        (
            _relay_file(conf),
            folder / "authority.pem",
            folder / "trusted.pem",
        ),
        renew=lambda: ensure(conf),
    )


def relay_file_context(conf: cfg.ConfigOpts) -> ssl.SSLContext:
    """The same of a relay of its own, which has no CA.

    :raises OSError: a file is missing, or they do not belong together
    :raises ValueError: it is the certificate of another relay group
    """
    relay = conf.relay
    _check_group(conf, Path(relay.certificate))
    context = _server_context()
    context.load_cert_chain(relay.certificate, relay.key)
    context.load_verify_locations(cafile=relay.ca_bundle)
    return context


def relay_file_certificate(conf: cfg.ConfigOpts) -> RelayCertificate:
    """The same for as long as it runs: its files are read when they change.

    :raises OSError: a file is missing, or they do not belong together
    :raises ValueError: one of them is something else
    """
    relay = conf.relay
    return RelayCertificate(
        lambda: relay_file_context(conf),
        (
            Path(relay.certificate),
            Path(relay.key),
            Path(relay.ca_bundle),
        ),
    )


def export_relay(
    conf: cfg.ConfigOpts,
    name: str,
    folder: Path,
    group: str = DEFAULT_RELAY_GROUP,
) -> list[Path]:
    """Make a relay's certificate, and write what a relay of its own needs.

    ::

        <folder>/               0700, if it is made
            key.pem             0600
            certificate.pem     0600
            ca.pem              0600  roots that agents' certificates have

    :param group: the relay group that it belongs to
    :raises ValueError: the name cannot be one, or the group's
    """
    _check_name(name)
    if not re.fullmatch(RELAY_GROUP, group):
        raise ValueError(f"not a name for a relay group: {group!r}")
    ensure_authority(conf)
    issuer = authority(conf)
    key, mark, certificate = (
        issuer.issue_relay(name, group).decode().partition(_BEGIN)
    )
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
    written = []
    for file, text in (
        ("ca.pem", issuer.ca_bundle),
        ("certificate.pem", mark + certificate),
        ("key.pem", key),
    ):
        written.append(folder / file)
        _write(written[-1], text.encode())
    return written


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(list(ALPN))
    # No resumption: every session shows its certificate again.
    context.num_tickets = 0
    return context


def _folder(conf: cfg.ConfigOpts) -> Path:
    return Path(conf.pki.dir)


def _relay_name(conf: cfg.ConfigOpts) -> str:
    name = str(conf.relay.name)
    _check_name(name)
    return name


def _relay_file(conf: cfg.ConfigOpts) -> Path:
    return _folder(conf) / f"relay-{_relay_name(conf)}.pem"


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name for a relay: {name!r}")


def _more_roots(path: Path) -> str:
    roots = x509.load_pem_x509_certificates(path.read_bytes())
    return "".join(
        root.public_bytes(serialization.Encoding.PEM).decode()
        for root in roots
    )


def _check_group(conf: cfg.ConfigOpts, path: Path) -> None:
    """Agents would refuse the relay, each of them.

    :raises ValueError: the certificate says another group than the
        configuration; one of a release before relay groups says none
    """
    prefix = relay_group_uri(conf.deployment_id, "")
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    said = [
        uri.removeprefix(prefix)
        for uri in _uris(certificate)
        if uri.startswith(prefix)
    ]
    if not said and conf.relay.group != DEFAULT_RELAY_GROUP:
        LOG.warning(
            "%s says no relay group: agents that use the group %s refuse "
            "this relay. Make it anew: servicevm-manage pki "
            "relay-certificate %s --group %s --output DIR",
            path,
            conf.relay.group,
            conf.relay.name,
            conf.relay.group,
        )
    if said not in ([], [conf.relay.group]):
        raise ValueError(
            f"{path} is of the relay group {', '.join(said)}, and [relay] "
            f"group is {conf.relay.group}"
        )


def _uris(certificate: x509.Certificate) -> list[str]:
    return certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value.get_values_for_type(x509.UniformResourceIdentifier)


def _still_good(path: Path, issuer: Authority, uris: list[str]) -> bool:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    left = certificate.not_valid_after_utc - datetime.datetime.now(
        datetime.UTC
    )
    return (
        _uris(certificate) == uris
        and issuer.issued(certificate)
        and left > life / 2
    )


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder against other processes; a dead one lets go."""
    handle = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, content: bytes) -> None:
    """Put the file there whole, mode 0600, or not at all."""
    new = path.with_suffix(".new")
    # A left-over of a killed process may have any mode.
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
