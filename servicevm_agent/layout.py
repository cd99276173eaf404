"""Where things are in the device. Tests run the agent elsewhere."""

from __future__ import annotations

from typing import NamedTuple, Optional


class Layout(NamedTuple):
    """Paths and names that the agent works with.

    :param state: kept over reboots: key, certificate, journal; mode 0700
    :param run: gone after a reboot
    :param bootstrap: read the bootstrap document from this file instead of
        the config drive
    :param netns: file of the tenant's network namespace; None: interfaces
        are left alone and services bind in the agent's own namespace
    :param bind_address: where listeners listen; ``*`` is everywhere
    :param haproxy_user: whom haproxy's worker runs as; None: as the agent
    :param haproxy_chroot: all that the worker sees of the file system
    """

    state: str = "/state"
    run: str = "/run/servicevm"
    bootstrap: Optional[str] = None
    sys: str = "/sys"
    dev: str = "/dev"
    netns: Optional[str] = "/run/netns/tenant"
    bind_address: str = "*"
    haproxy: str = "/usr/sbin/haproxy"
    haproxy_user: Optional[str] = "haproxy"
    haproxy_group: Optional[str] = "haproxy"
    haproxy_chroot: Optional[str] = "/var/lib/haproxy"
    openssl: str = "/usr/bin/openssl"
