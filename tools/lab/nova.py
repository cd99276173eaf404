"""Nova: API, conductor, scheduler and two compute services.

``lab-kvm`` has libvirt and real guests, ``lab-fake`` guests that only their
database knows. Each is an availability zone: ``kvm``, which is the default,
and ``fake``.
"""

from collections.abc import Iterator, Mapping, Sequence

from tools.cluster.member import Member
from tools.lab.environment import VENV
from tools.lab.libvirt import Libvirt
from tools.lab.service import Options, Service, Wiring

__all__ = ["FAKE", "KVM", "Nova"]

#: Hosts, and after the dash availability zones.
KVM = "lab-kvm"
FAKE = "lab-fake"

#: For databases and the broker in nova's own table of cells, which so has
#: no password and no port in it.
_TEMPLATE = "{scheme}://{username}:{password}@{hostname}:{port}/"


class Nova(Service):
    """:param virt_type: ``qemu``, or ``kvm`` where that runs guests"""

    name = "nova"
    kind = "compute"
    application = "nova.wsgi.osapi_compute:application"
    path = "/v2.1"
    databases = ("nova_api", "nova_cell0", "nova_cell1")
    hosts = (KVM, FAKE)

    def __init__(
        self, wiring: Wiring, libvirt: Libvirt, virt_type: str = "qemu"
    ) -> None:
        super().__init__(wiring)
        self._libvirt = libvirt
        self._virt_type = virt_type

    def database_options(self) -> Options:
        def database(name: str) -> dict[str, str]:
            return {"connection": self.wiring.database.url(name)}

        return {
            # What its template is checked with.
            "DEFAULT": {
                "transport_url": self.wiring.broker.url,
                "concurrency_backend": "threading",
            },
            "api_database": database("nova_api"),
            "database": database("nova_cell1"),
        }

    def files(self) -> Mapping[str, Options]:
        # Nothing of a database: compute services refuse to know any.
        return {
            "nova-common.conf": self._common(),
            "nova-kvm.conf": self._kvm(),
            "nova-fake.conf": self._fake(),
        }

    def migrations(self) -> Sequence[Sequence[str]]:
        manage = self.program("nova-manage", self.database_file)
        cell0 = f"{_TEMPLATE}nova_cell0?{{query}}"
        return [
            [*manage, "api_db", "sync"],
            [
                *[*manage, "cell_v2", "map_cell0"],
                *["--database_connection", cell0],
            ],
            [*manage, "db", "sync"],
            [
                *[*manage, "cell_v2", "create_cell", "--name", "cell1"],
                *["--transport-url", _TEMPLATE],
                *["--database_connection", f"{_TEMPLATE}nova_cell1?{{query}}"],
            ],
        ]

    def environment(self) -> Mapping[str, str]:
        # The first file is the one of paste.
        files = [
            str(VENV.folder / "etc/nova/api-paste.ini"),
            "nova-common.conf",
            self.database_file,
        ]
        return {
            "OS_NOVA_CONFIG_DIR": str(self.etc),
            "OS_NOVA_CONFIG_FILES": ";".join(files),
        }

    def daemons(self) -> Iterator[Member]:
        files = ("nova-common.conf", self.database_file)
        yield self.member(
            "nova-conductor",
            self.program("nova-conductor", *files),
            line="Starting conductor node",
        )
        yield self.member(
            "nova-scheduler",
            self.program("nova-scheduler", *files),
            line="Starting scheduler node",
        )

    def computes(self) -> Iterator[Member]:
        """After the conductor: else they wait for it, ten seconds a time."""
        for host in self.hosts:
            zone = host.partition("-")[2]
            yield self.member(
                f"nova-compute-{zone}",
                self.program(
                    "nova-compute", "nova-common.conf", f"nova-{zone}.conf"
                ),
            )

    def prepare(self) -> None:
        super().prepare()
        for host in self.hosts:
            (self.folder / host / "instances").mkdir(
                mode=0o700, parents=True, exist_ok=True
            )

    def _common(self) -> Options:
        wiring = self.wiring
        return {
            "DEFAULT": {
                "use_stderr": True,
                "transport_url": wiring.broker.url,
                # Not eventlet, which is still the default of some.
                "concurrency_backend": "threading",
                "my_ip": "127.0.0.1",
                "state_path": self.folder,
                "default_schedule_zone": "kvm",
                # There is one host of each kind.
                "allow_resize_to_same_host": True,
                # Who is gone is seen soon.
                "report_interval": 2,
                "service_down_time": 30,
                "graceful_shutdown_timeout": 3,
            },
            "oslo_concurrency": self.lock_path(),
            "oslo_messaging_notifications": {"driver": "noop"},
            "wsgi": {
                "api_paste_config": VENV.folder / "etc/nova/api-paste.ini"
            },
            "conductor": {"workers": 1},
            "scheduler": {
                "workers": 1,
                # Seconds until a new compute host may get guests.
                "discover_hosts_in_cells_interval": 2,
            },
            "vnc": {"enabled": False},
            "glance": {"api_servers": wiring.url("glance")},
            "keystone_authtoken": wiring.authtoken("nova"),
            "placement": wiring.auth("nova"),
            "neutron": wiring.auth("neutron"),
            "service_user": {
                "send_service_user_token": True,
                **wiring.auth("nova"),
            },
        }

    def _kvm(self) -> Options:
        helper = " ".join(
            [
                # Interfaces of guests are where the switch is.
                *self._libvirt.inside,
                *self.program("privsep-helper", "nova-common.conf"),
            ]
        )
        state = self.folder / KVM
        return {
            "DEFAULT": {
                "host": KVM,
                "compute_driver": "libvirt.LibvirtDriver",
                "state_path": state,
                "instances_path": state / "instances",
                "mkisofs_cmd": "genisoimage",
                "config_drive_format": "iso9660",
                "reserved_host_memory_mb": 0,
                "initial_cpu_allocation_ratio": 64,
                "initial_ram_allocation_ratio": 4,
                "initial_disk_allocation_ratio": 16,
                "vif_plugging_is_fatal": True,
                "vif_plugging_timeout": 60,
                "force_raw_images": True,
                # Or a resize makes QEMU's format of a disk that is raw.
                "use_cow_images": False,
                # Seconds for a guest that may not listen.
                "shutdown_timeout": 5,
            },
            "libvirt": {
                "virt_type": self._virt_type,
                "cpu_mode": "none",
                "connection_uri": self._libvirt.uri,
                "images_type": "raw",
                "inject_partition": -2,
            },
            "os_vif_ovs": {
                "ovsdb_connection": f"unix:{self._libvirt.switch.socket}"
            },
            **{
                group: {"helper_command": helper}
                for group in (
                    "nova_sys_admin",
                    "vif_plug_ovs_privileged",
                    "privsep_osbrick",
                )
            },
        }

    def _fake(self) -> Options:
        return {
            "DEFAULT": {
                "host": FAKE,
                "compute_driver": "fake.FakeDriverWithoutFakeNodes",
                "state_path": self.folder / FAKE,
                "reserved_host_memory_mb": 0,
                "initial_cpu_allocation_ratio": 1000,
                "initial_ram_allocation_ratio": 1000,
                "initial_disk_allocation_ratio": 1000,
            }
        }
