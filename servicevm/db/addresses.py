"""Interfaces of a new device: MAC and address, each taken once."""

import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db.models import DeviceInterface
from servicevm.errors import (
    ADDRESS_TAKEN,
    NO_FREE_ADDRESS,
    PermanentError,
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Asked(NamedTuple):
    """What an interface is to have, where its template leaves that open.

    :param field: path in the request of what asks for it
    """

    address: str | None
    field: str
    network: str | None = None
    subnet: str | None = None
    port: str | None = None


def allocate(
    session: orm.Session,
    device_id: str,
    specs: Sequence[Mapping[str, Any]],
    asked: Mapping[int, Asked] | None = None,
) -> list[DeviceInterface]:
    """Add the interfaces that a template revision asks for.

    Two transactions that choose the same MAC or address meet at the unique
    constraint: the caller tries again on `DBDuplicateEntry`.

    :param specs: the template's ``interfaces``
    :param asked: what interfaces are to have, by index; checked
    :raises PermanentError: NO_FREE_ADDRESS, ADDRESS_TAKEN
    """
    made = []
    wanted = asked or {}
    for index, spec in enumerate(specs):
        given = wanted.get(index, Asked(None, ""))
        interface = open_interface(
            session, device_id, index, spec["role"], given
        )
        interface.network = spec.get("network", interface.network)
        if "cidr" in spec:
            network = ipaddress.ip_network(spec["cidr"])
            if given.address is not None:
                _refuse_taken(
                    session, spec["network"], given.address, given.field
                )
            else:
                kept = {one.address for one in wanted.values()}
                interface.address = str(_free(session, spec, kept))
            interface.prefix = network.prefixlen
            interface.gateway = spec.get("gateway")
        session.add(interface)
        # The next interface may be on the same network.
        session.flush()
        made.append(interface)
    return made


def open_interface(
    session: orm.Session,
    device_id: str,
    index: int,
    role: str,
    asked: Asked,
) -> DeviceInterface:
    """An interface as it is asked for; the infra driver sees to the rest.

    :param asked: checked
    :raises PermanentError: ADDRESS_TAKEN
    """
    if asked.network is not None and asked.address is not None:
        _refuse_taken(session, asked.network, asked.address, asked.field)
    return DeviceInterface(
        device_id=device_id,
        index=index,
        role=role,
        # Of an existing port the driver finds out.
        network=asked.network or "",
        mac=random_mac(),
        # Not taken before the network gave it.
        address=asked.address,
        subnet=asked.subnet,
        port=asked.port,
    )


def random_mac() -> str:
    """A MAC of the range that QEMU and KVM use, ``52:54:00``."""
    tail = secrets.token_bytes(3)
    return "52:54:00:" + ":".join(f"{byte:02x}" for byte in tail)


def pool(spec: Mapping[str, Any]) -> tuple[Address, Address]:
    """First and last address that an interface's spec hands out.

    :raises ValueError: if the network has no address to hand out
    """
    network = ipaddress.ip_network(spec["cidr"])
    # Without the network's own address and (IPv4) the broadcast address.
    first, last = network[0], network[-1]
    if network.num_addresses > 2:
        first = network[1]
        last = network[-2] if network.version == 4 else last
    if "pool_start" in spec:
        first = ipaddress.ip_address(spec["pool_start"])
    if "pool_end" in spec:
        last = ipaddress.ip_address(spec["pool_end"])
    if int(first) > int(last):
        raise ValueError(f"{first} to {last} is an empty range")
    return first, last


def _refuse_taken(
    session: orm.Session, network: str, address: str, field: str
) -> None:
    owner = session.scalar(
        sa.select(DeviceInterface.device_id).where(
            DeviceInterface.network == network,
            DeviceInterface.address == address,
        )
    )
    if owner is not None:
        sentence = f"{address} of {network} is taken."
        raise PermanentError(ADDRESS_TAKEN, sentence, fields={field: sentence})


def _free(
    session: orm.Session, spec: Mapping[str, Any], kept: set[str | None]
) -> Address:
    taken = set(
        session.scalars(
            sa.select(DeviceInterface.address).where(
                DeviceInterface.network == spec["network"],
                DeviceInterface.address.is_not(None),
            )
        )
    )
    # What another interface of the same device has been asked for.
    taken |= kept
    if "gateway" in spec:
        taken.add(str(ipaddress.ip_address(spec["gateway"])))
    first, last = pool(spec)
    # Ends after one more than are taken, however large the network is.
    candidate = first
    while True:
        if str(candidate) not in taken:
            return candidate
        if candidate == last:
            raise PermanentError(
                NO_FREE_ADDRESS,
                f"Every address of {spec['network']} from {first} to {last} "
                "is taken.",
            )
        candidate += 1
