"""Neutron with ML2/OVN: one process, no agents.

OVN does DHCP, security groups and routing. There is no metadata agent:
guests get a config drive.
"""

from collections.abc import Mapping, Sequence

from tools.lab.environment import VENV
from tools.lab.ovn import Ovn
from tools.lab.service import Options, Service, Wiring

__all__ = ["Neutron"]


class Neutron(Service):
    name = "neutron"
    kind = "network"
    application = "neutron.wsgi.api:application"
    databases = ("neutron",)

    def __init__(self, wiring: Wiring, ovn: Ovn) -> None:
        super().__init__(wiring)
        self._ovn = ovn

    def files(self) -> Mapping[str, Options]:
        return {
            "neutron.conf": {
                "DEFAULT": {
                    "use_stderr": True,
                    "core_plugin": "ml2",
                    "service_plugins": "ovn-router",
                    "auth_strategy": "keystone",
                    "transport_url": self.wiring.broker.url,
                    "state_path": self.folder,
                    "api_paste_config": VENV.folder
                    / "etc/neutron/api-paste.ini",
                    "notify_nova_on_port_status_changes": True,
                    "notify_nova_on_port_data_changes": True,
                    # The least that it takes.
                    "send_events_interval": 1,
                    "dhcp_agent_notification": False,
                    # The chassis that is only a row never reports; this is
                    # the most that it takes.
                    "agent_down_time": 2147483,
                    "rpc_workers": 0,
                },
                **self.database_options(),
                "oslo_concurrency": self.lock_path(),
                "oslo_messaging_notifications": {"driver": "noop"},
                "ml2": {
                    "mechanism_drivers": "ovn",
                    "type_drivers": "geneve,flat,local",
                    "tenant_network_types": "geneve",
                    "extension_drivers": "port_security",
                    "overlay_ip_version": 4,
                },
                "ml2_type_geneve": {
                    "vni_ranges": "1:65000",
                    "max_header_size": 38,
                },
                "securitygroup": {"enable_security_group": True},
                "ovn": {
                    "ovn_nb_connection": f"unix:{self._ovn.north}",
                    "ovn_sb_connection": f"unix:{self._ovn.south}",
                    # Nobody answers at the port that this makes; without
                    # one, a subnet needs a gateway to have DHCP.
                    "ovn_metadata_enabled": True,
                },
                "keystone_authtoken": self.wiring.authtoken("neutron"),
                "nova": self.wiring.auth("nova"),
            }
        }

    def migrations(self) -> Sequence[Sequence[str]]:
        manage = self.program("neutron-db-manage", self.database_file)
        return [[*manage, "upgrade", "heads"]]

    def environment(self) -> Mapping[str, str]:
        return {
            "OS_NEUTRON_CONFIG_DIR": str(self.etc),
            "OS_NEUTRON_CONFIG_FILES": "neutron.conf",
            # What it asks for under servers other than uWSGI.
            "ASGI_WORKERS": "1",
        }
