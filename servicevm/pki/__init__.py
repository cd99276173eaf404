"""The built-in CA: who is a device and who is a relay.

::

    ensure(conf)                    make what is missing, at start
    authority(conf).sign(csr, id)   a device's certificate
    relay_certificate(conf)         what the relay serves TLS with
    export_relay(conf, name, dir)   the same as files, for a relay elsewhere
    relay_file_certificate(conf)    what that one serves TLS with

Identities are URI SANs below the trust domain ``deployment_id``:
``spiffe://<deployment_id>/device/<uuid>`` (client authentication only) and
``spiffe://<deployment_id>/relay/<name>`` (server authentication only). A relay
has its relay group beside that: ``.../relay-group/<group>``; one without, of a
release before relay groups, is of the group ``default``.
"""

from servicevm.pki._authority import (
    Authority,
    Leaf,
    csr_key,
    device_uri,
    relay_uri,
)
from servicevm.pki._relay_certificate import RelayCertificate
from servicevm.pki._store import (
    authority,
    ensure,
    ensure_authority,
    export_relay,
    relay_certificate,
    relay_context,
    relay_file_certificate,
    relay_file_context,
)

__all__ = [
    "Authority",
    "Leaf",
    "RelayCertificate",
    "authority",
    "csr_key",
    "device_uri",
    "ensure",
    "ensure_authority",
    "export_relay",
    "relay_certificate",
    "relay_context",
    "relay_file_certificate",
    "relay_file_context",
    "relay_uri",
]
