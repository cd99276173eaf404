"""What the device is told at its first boot, as typed values."""

from __future__ import annotations

import json
import re
import socket
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from servicevm_agent.address import canonical, packed

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MAX_RELAYS = 16
_MAX_INTERFACES = 16


class BootstrapError(Exception):
    """There is no usable bootstrap document."""


class Interface(NamedTuple):
    """One network card.

    :param egress_proxy: ``address:port`` of a SOCKS4 server, or None
    """

    role: str
    mac: str
    address: Optional[str]
    prefix: int
    gateway: Optional[str]
    egress_proxy: Optional[str]


class Bootstrap(NamedTuple):
    """:param port: name of the virtio-serial port; empty: dial `relays`
    :param relays: ``(host, port)`` each
    :param generation: of the device, when it had these interfaces
    :param relay_group: that of the relays; empty: any
    """

    device_id: str
    deployment_id: str
    token: str
    ca_bundle: str
    port: str
    relays: Tuple[Tuple[str, int], ...]
    mgmt_mac: str
    interfaces: Tuple[Interface, ...]
    generation: int = 0
    relay_group: str = ""


def parse(text: str) -> Bootstrap:
    """Return the document as typed values.

    :raises BootstrapError: saying which field is wrong; never its value,
        which may be secret
    """
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document["version"] != 1:
            raise ValueError("version")
        transport = document["transport"]
        serial = transport["type"] == "serial"
        if not serial and transport["type"] != "tcp":
            raise ValueError("transport.type")
        return Bootstrap(
            device_id=_word(document, "device_id"),
            deployment_id=_word(document, "deployment_id"),
            token=_word(document, "token"),
            ca_bundle=_text(document, "ca_bundle"),
            port=_word(transport, "port") if serial else "",
            relays=() if serial else _relays(transport["relays"]),
            mgmt_mac=_mac(transport.get("interface_mac") or ""),
            interfaces=interfaces(document["interfaces"]),
            generation=_generation(document.get("generation", 0)),
            relay_group=_word(transport, "relay_group")
            if "relay_group" in transport
            else "",
        )
    except KeyError as error:
        raise BootstrapError(f"{error.args[0]} is missing") from None
    except (ValueError, TypeError, AttributeError) as error:
        # A JSON error quotes its document, which holds the token.
        if isinstance(error, json.JSONDecodeError):
            raise BootstrapError("not JSON") from None
        raise BootstrapError(f"wrong: {error}") from None


def interfaces(items: Any) -> Tuple[Interface, ...]:
    """Return network cards as typed values.

    :raises ValueError: saying what is wrong
    :raises KeyError: with the name of what is missing
    """
    if not isinstance(items, list) or len(items) > _MAX_INTERFACES:
        raise ValueError("interfaces")
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("interfaces")
    return tuple(_interface(item) for item in items)


def _generation(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("generation")
    return value


def _interface(item: Dict[str, Any]) -> Interface:
    proxy = item.get("egress_proxy")
    if proxy is not None:
        host, _, port = _text(proxy, "socks4").rpartition(":")
        if packed(host)[0] != socket.AF_INET:
            raise ValueError("socks4")
        proxy = f"{canonical(host)}:{_port(port)}"
    address, gateway = item.get("address"), item.get("gateway")
    if address is not None:
        address = canonical(address)
    if gateway is not None:
        gateway = canonical(gateway)
    prefix = item.get("prefix") or 0
    if type(prefix) is not int or not 0 <= prefix <= 128:
        raise ValueError("prefix")
    mac = _mac(_text(item, "mac"))
    if not mac:
        raise ValueError("mac")
    return Interface(
        role=_word(item, "role"),
        mac=mac,
        address=address,
        prefix=prefix,
        gateway=gateway,
        egress_proxy=proxy,
    )


def _relays(items: Any) -> Tuple[Tuple[str, int], ...]:
    if not isinstance(items, list) or not 0 < len(items) <= _MAX_RELAYS:
        raise ValueError("transport.relays")
    relays: List[Tuple[str, int]] = []
    for item in items:
        host, _, port = str(item).rpartition(":")
        relays.append((host.strip("[]"), _port(port)))
    return tuple(relays)


def _port(text: str) -> int:
    port = int(text) if text.isdigit() else 0
    if not 0 < port < 65536:
        raise ValueError("port")
    return port


def _mac(text: str) -> str:
    text = text.lower()
    if text and not _MAC.fullmatch(text):
        raise ValueError("mac")
    return text


def _text(item: Dict[str, Any], name: str) -> str:
    value = item[name]
    if not isinstance(value, str) or not value:
        raise ValueError(name)
    return value


def _word(item: Dict[str, Any], name: str) -> str:
    value = _text(item, name)
    if not _WORD.fullmatch(value):
        raise ValueError(name)
    return value
