"""Every option of servicevm.conf, declared once."""

import os
import socket
from collections.abc import Sequence
from pathlib import Path

from oslo_config import cfg, types

CONF = cfg.CONF


def _default_state_dir() -> str:
    """``/var/lib/servicevm`` for root, the XDG state folder for others."""
    if os.geteuid() == 0:
        return "/var/lib/servicevm"
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return str(Path(base).expanduser() / "servicevm")


DEFAULT_OPTS = [
    cfg.StrOpt(
        "state_dir",
        default=_default_state_dir(),
        sample_default="/var/lib/servicevm",
        help="Folder of everything that is kept: database, CA, devices, "
        "credentials. Made with mode 0700.",
    ),
    cfg.StrOpt(
        "deployment_id",
        default="local",
        regex=r"^[a-z0-9][a-z0-9.-]{0,62}$",
        help="Name of this installation; the trust domain of every "
        "certificate.",
    ),
    cfg.StrOpt(
        "host",
        default=socket.gethostname(),
        max_length=255,
        sample_default="the host's name",
        help="Name of this host, as lists of processes show it.",
    ),
    cfg.StrOpt(
        "rpc",
        default="local",
        choices=[
            ("local", "one process: servicevm-standalone, always"),
            ("oslo", "many processes, over RabbitMQ; see transport_url"),
        ],
        help="How api, conductors and relays reach each other.",
    ),
]

#: What a relay group may be called.
RELAY_GROUP = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
#: Where agents dial a relay: host:port.
RELAY_ADDRESS = (
    r"^([A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])"
    r":([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}"
    r"|655[0-2][0-9]|6553[0-5])$"
)
#: Of relays and templates that do not say.
DEFAULT_RELAY_GROUP = "default"
#: What a process may be called: it is in topics and certificates, too.
_PROCESS_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$"


def _name(role: str, default: str = "$host") -> cfg.StrOpt:
    return cfg.StrOpt(
        "name",
        default=default,
        regex=_PROCESS_NAME,
        help=f"Name of this {role}. No two of an installation may have the "
        "same.",
    )


def _metrics(role: str) -> cfg.StrOpt:
    return cfg.StrOpt(
        "metrics",
        default="",
        regex=f"^$|{RELAY_ADDRESS}",
        sample_default="",
        help=f"host:port at which this {role} answers GET /metrics, for "
        "Prometheus: numbers only, without a password, so on loopback or the "
        "control plane's own network, never where devices are. Empty: "
        "nowhere.",
    )


API_OPTS = [
    _name("api process"),
    cfg.HostAddressOpt(
        "bind_host",
        default="127.0.0.1",
        help="Address that servicevm-standalone listens on.",
    ),
    cfg.PortOpt("bind_port", default=9890, help="Its port; 0 takes any."),
    cfg.StrOpt(
        "auth_strategy",
        default="http_basic",
        choices=[
            ("http_basic", "user and password from auth_file"),
            ("keystone", "tokens of Keystone; see [keystone_authtoken]"),
            ("none", "everyone is the administrator; loopback only"),
        ],
        help="Who may call the API.",
    ),
    cfg.StrOpt(
        "auth_file",
        default="$state_dir/htpasswd",
        help="bcrypt password file for http_basic, made with a generated "
        "password (see clouds_file) if it is missing. Mode 0600.",
    ),
    cfg.StrOpt(
        "clouds_file",
        default="$state_dir/clouds.yaml",
        help="clouds.yaml written by servicevm-standalone, mode 0600; "
        "clients read it through OS_CLIENT_CONFIG_FILE.",
    ),
    cfg.IntOpt(
        "max_body_bytes",
        default=1 << 20,
        min=1024,
        help="Largest request body, in bytes.",
    ),
    cfg.IntOpt(
        "max_limit",
        default=1000,
        min=1,
        help="Most items that one list answer holds.",
    ),
    cfg.BoolOpt(
        "response_validation",
        default=False,
        help="Check every answer against its schema and fail where it does "
        "not fit. For tests: it costs time.",
    ),
    cfg.IntOpt(
        "threads",
        default=8,
        min=1,
        help="Threads that serve requests in one process.",
    ),
]

CONDUCTOR_OPTS = [
    _name("conductor"),
    _metrics("conductor"),
    cfg.IntOpt(
        "workers",
        default=8,
        min=1,
        help="Operations that one conductor drives at once.",
    ),
    cfg.FloatOpt(
        "poll_interval",
        default=1.0,
        min=0.01,
        help="Seconds between looks for operations where no hint arrives.",
    ),
    cfg.FloatOpt(
        "lease",
        default=15.0,
        min=0.1,
        help="Seconds that a claimed operation stays claimed "
        "without a sign of life of its conductor.",
    ),
    cfg.FloatOpt(
        "reconcile_interval",
        default=10.0,
        min=0.05,
        help="Seconds between comparisons of what should be with what is.",
    ),
    cfg.IntOpt(
        "first_contact_timeout",
        default=180,
        min=1,
        help="Seconds a booted device may take to call home, where "
        "the template does not say.",
    ),
    cfg.FloatOpt(
        "agent_grace",
        default=3.5,
        min=0.0,
        help="Seconds that a lost session may take to come back before the "
        "device is called UNRESPONSIVE.",
    ),
    cfg.IntOpt(
        "operation_timeout",
        default=600,
        min=1,
        help="Seconds until an operation's deadline.",
    ),
    cfg.IntOpt(
        "max_attempts",
        default=5,
        min=1,
        help="Attempts at a step that fails transiently.",
    ),
    cfg.IntOpt(
        "keep_days",
        default=30,
        min=1,
        help="Days that ended operations and events are kept; see also "
        "'servicevm-manage db purge'.",
    ),
    cfg.IntOpt(
        "keep_usage_days",
        default=400,
        min=1,
        help="Days that usage is kept: from the end of what was used, and "
        "from the hour of traffic.",
    ),
]

RELAY_OPTS = [
    _name("relay", "local"),
    _metrics("relay"),
    cfg.StrOpt(
        "group",
        default=DEFAULT_RELAY_GROUP,
        regex=RELAY_GROUP,
        help="Relay group that this relay belongs to: it serves devices that "
        "use this group. Its certificate says the same.",
    ),
    cfg.StrOpt(
        "advertise",
        regex=RELAY_ADDRESS,
        help="host:port at which agents dial this relay, if that is not "
        "bind_host and bind_port: behind another address, or where "
        "bind_host is that of every interface.",
    ),
    cfg.StrOpt(
        "certificate",
        default="$state_dir/certificate.pem",
        help="Certificate of a servicevm-relay, which has no CA. This file "
        "and the next two are written by 'servicevm-manage pki "
        "relay-certificate'.",
    ),
    cfg.StrOpt(
        "key",
        default="$state_dir/key.pem",
        help="Its key, mode 0600.",
    ),
    cfg.StrOpt(
        "ca_bundle",
        default="$state_dir/ca.pem",
        help="Roots of the agents' certificates.",
    ),
    cfg.ListOpt(
        "addresses",
        default=[],
        item_type=types.String(max_length=262),
        help="host:port of every relay of the relay group default that "
        "agents may dial, in any order: what new devices of this group are "
        "told where their template has no relays. Empty: those that relays "
        "of the group report, else bind_host and bind_port.",
    ),
    cfg.FloatOpt(
        "move_timeout",
        default=15.0,
        min=0.0,
        max=600.0,
        help="Seconds that agents get to move to other relays before this "
        "one stops.",
    ),
    cfg.StrOpt(
        "serial_socket",
        default="$state_dir/run/relay.sock",
        help="Unix socket to which QEMU connects the devices' "
        "virtio-serial ports. Empty turns it off.",
    ),
    cfg.HostAddressOpt(
        "bind_host",
        default="127.0.0.1",
        help="Address for agents that come over TCP.",
    ),
    cfg.PortOpt(
        "bind_port",
        default=None,
        help="Port for agents that come over TCP; unset: none.",
    ),
    cfg.IntOpt(
        "max_frame", default=1 << 20, min=1024, help="Largest frame, in bytes."
    ),
    cfg.FloatOpt(
        "handshake_timeout",
        default=30.0,
        min=0.1,
        help="Seconds from connection to an open session. An "
        "emulated guest needs a few.",
    ),
    cfg.FloatOpt(
        "heartbeat_interval",
        default=10.0,
        min=0.1,
        help="Seconds between heartbeats that agents are told to keep.",
    ),
    cfg.FloatOpt(
        "dead_after",
        default=35.0,
        min=0.1,
        help="Seconds of silence after which a session is closed.",
    ),
    cfg.FloatOpt(
        "flush_interval",
        default=1.0,
        min=0.01,
        help="Seconds over which heartbeats are gathered into one report.",
    ),
    cfg.FloatOpt(
        "counters_interval",
        default=60.0,
        min=0.01,
        help="Seconds after which what agents have counted of traffic is "
        "handed on.",
    ),
    cfg.IntOpt(
        "max_sessions",
        default=10_000,
        min=1,
        help="Sessions that this relay holds at the most.",
    ),
    cfg.IntOpt(
        "max_unauthenticated",
        default=256,
        min=1,
        help="Connections before authentication at once.",
    ),
    cfg.IntOpt(
        "max_unauthenticated_per_peer",
        default=32,
        min=1,
        help="Of these, from one network address.",
    ),
    cfg.FloatOpt(
        "drain_timeout",
        default=30.0,
        min=0.1,
        help="Seconds after which an agent that does not read what it is "
        "sent loses its session.",
    ),
]

PKI_OPTS = [
    cfg.StrOpt(
        "dir",
        default="$state_dir/pki",
        help="Folder of the built-in CA, mode 0700.",
    ),
    cfg.FloatOpt(
        "leaf_days",
        default=7,
        min=0.0001,
        max=3650,
        help="Days that an agent's certificate is valid. It is renewed at "
        "half of that; a fraction shows in a minute that this works.",
    ),
    cfg.IntOpt(
        "token_minutes",
        default=30,
        min=1,
        help="Minutes that an enrolment token is valid.",
    ),
]

QEMU_OPTS = [
    cfg.StrOpt(
        "image_dir",
        default="$state_dir/image",
        help="Folder of the guest image: kernel, initrd, root.erofs, "
        "state.img, manifest.json. Made by "
        "'servicevm-manage image build'.",
    ),
    cfg.StrOpt(
        "devices_dir",
        default="$state_dir/devices",
        help="One folder per device, mode 0700.",
    ),
    cfg.StrOpt("binary", default="qemu-system-x86_64", help="QEMU's program."),
    cfg.StrOpt(
        "accelerator",
        default="auto",
        choices=[
            ("auto", "KVM where it really runs guests, else TCG"),
            ("kvm", "KVM or an error"),
            ("tcg", "software emulation"),
        ],
        help="Default of templates that do not say.",
    ),
    cfg.IntOpt(
        "console_bytes",
        default=1 << 20,
        min=4096,
        help="Most bytes of console output kept per device.",
    ),
]


#: What is not an option of keystoneauth: see
#: servicevm.drivers.infra.nova.login.
NOVA_OPTS = [
    cfg.StrOpt(
        "region_name",
        help="Region whose Nova, Neutron and Glance are used; the only one "
        "of the catalog if not set.",
    ),
    cfg.ListOpt(
        "valid_interfaces",
        default=["internal", "public"],
        help="Kinds of endpoints of the catalog, the best first.",
    ),
    cfg.IntOpt(
        "connect_retries",
        default=1,
        min=0,
        max=10,
        help="Times that a request is sent again where no answer came. What "
        "makes something is never sent again before it was looked for.",
    ),
    cfg.IntOpt(
        "status_code_retries",
        default=2,
        min=0,
        max=10,
        help="Times that a request is sent again that was answered with 503.",
    ),
    cfg.FloatOpt(
        "poll_interval",
        default=1.0,
        min=0.1,
        max=60.0,
        help="Seconds between two lists of all servers, for all devices and "
        "conductors together, while anybody waits for one: of two "
        "conductors each lists half as often. Where a list takes long, at "
        "least twice as long as it takes.",
    ),
    cfg.FloatOpt(
        "build_rate",
        default=0.0,
        min=0.0,
        max=1000.0,
        help="Most servers that all conductors together begin to make in a "
        "second, each its part; 0 is as many as are asked for.",
    ),
]


HEALING_OPTS = [
    cfg.BoolOpt(
        "enabled",
        default=True,
        help="Heal lost devices and sick services, as templates say. Set it "
        "alike for every conductor.",
    ),
    cfg.FloatOpt(
        "outage_grace",
        default=120.0,
        min=0.0,
        max=86_400.0,
        help="Seconds in which nothing is healed after the conductor began, "
        "the database was away, or a relay went away or came: devices need "
        "time to be heard of again.",
    ),
    cfg.IntOpt(
        "max_parallel",
        default=5,
        min=1,
        help="Devices and services that are healed at once, by all conductors "
        "together.",
    ),
    cfg.FloatOpt(
        "breaker_share",
        default=0.3,
        min=0.0,
        max=1.0,
        help="Share of the devices of a domain (all of them, a relay group, "
        "an availability zone) that may be lost within breaker_window; with "
        "more, nothing is healed there until an operator releases the "
        "breaker or they are back.",
    ),
    cfg.IntOpt(
        "breaker_devices",
        default=5,
        min=1,
        help="Devices that have to be lost for that, whatever their share.",
    ),
    cfg.FloatOpt(
        "breaker_window",
        default=300.0,
        min=1.0,
        max=86_400.0,
        help="Seconds in which the losses are counted. After a release it "
        "is as long until the breaker may stop healing again.",
    ),
]


def _quota(name: str, default: int, text: str) -> cfg.IntOpt:
    return cfg.IntOpt(
        name,
        default=default,
        min=-1,
        max=MAX_QUOTA,
        help=f"{text} that a project may have where it has no limit of its "
        "own; -1 is unlimited.",
    )


#: The largest limit that can be set.
MAX_QUOTA = (1 << 31) - 1

QUOTA_OPTS = [
    _quota("devices", 10, "Devices"),
    _quota("services", 50, "Services"),
    _quota("vcpus", 20, "Virtual processors of all devices together"),
    _quota("ram", 51200, "MiB of memory of all devices together"),
    _quota("slots", 100, "Slots of devices, taken by services,"),
]

DATABASE_DEFAULT = "sqlite:///$state_dir/servicevm.sqlite"


def list_opts() -> list[tuple[str, Sequence[cfg.Opt]]]:
    """Groups and options, for registration and for the sample file."""
    return [
        ("DEFAULT", DEFAULT_OPTS),
        ("api", API_OPTS),
        ("conductor", CONDUCTOR_OPTS),
        ("relay", RELAY_OPTS),
        ("pki", PKI_OPTS),
        ("qemu", QEMU_OPTS),
        ("nova", NOVA_OPTS),
        ("quota", QUOTA_OPTS),
        ("healing", HEALING_OPTS),
    ]


def sample_opts() -> list[tuple[str, Sequence[cfg.Opt]]]:
    """As `list_opts`, with those that are registered where they are used."""
    # Of a library that not every process needs.
    from servicevm.drivers.infra.nova import login

    return [*list_opts(), (login.GROUP, login.auth_opts())]


def register(conf: cfg.ConfigOpts = CONF) -> cfg.ConfigOpts:
    """Register every option on `conf`; twice does no harm."""
    for group, opts in list_opts():
        # A group of the name DEFAULT would be another one than the default.
        conf.register_opts(opts, None if group == "DEFAULT" else group)
    return conf
