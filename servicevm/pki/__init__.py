"""The built-in CA: who is a device and who is a relay.

::

    ensure(conf)                    make what is missing, at start
    authority(conf).sign(csr, id)   a device's certificate
    relay_context(conf)             what the relay serves TLS with

Identities are URI SANs below the trust domain ``deployment_id``:
``spiffe://<deployment_id>/device/<uuid>`` (client authentication only) and
``spiffe://<deployment_id>/relay/<name>`` (server authentication only).
"""

from servicevm.pki._authority import (
    Authority,
    Leaf,
    csr_key,
    device_uri,
    relay_uri,
)
from servicevm.pki._store import authority, ensure, relay_context

__all__ = [
    "Authority",
    "Leaf",
    "authority",
    "csr_key",
    "device_uri",
    "ensure",
    "relay_context",
    "relay_uri",
]
