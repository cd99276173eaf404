"""Commands: service."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from servicevmclient.osc import (
    _cells,
    _columns,
    _files,
    _filters,
    _options,
    _project,
    _verbs,
)
from servicevmclient.osc._base import Lister
from servicevmclient.osc._options import Scalar, Verb
from servicevmclient.v1._resource import Resource
from servicevmclient.v1.device import Device
from servicevmclient.v1.service import Service
from servicevmclient.v1.service_type import ServiceType

OPTIONS = (
    _options.NEW_NAME,
    Scalar(
        "--device",
        "device_id",
        "Name or ID of the device that hosts it",
        "DEVICE",
        verbs=Verb.CREATE,
        required=Verb.CREATE,
    ),
    Scalar(
        "--type",
        "service_type",
        "Name of its service type, e.g. loadbalancer",
        "TYPE",
        verbs=Verb.CREATE,
        required=Verb.CREATE,
    ),
    Scalar(
        "--config",
        "config",
        "YAML or JSON file with its configuration ('-': standard input)",
        "FILE",
        required=Verb.CREATE,
    ),
    Scalar(
        "--managed-by",
        "managed_by",
        "Service of the cloud that owns it, e.g. neutron: its project cannot "
        "change it (needs a role that may)",
        "SERVICE",
        verbs=Verb.CREATE,
    ),
    _options.PROJECT,
    _options.DESCRIPTION,
    _options.TAG,
    _options.PROPERTY,
)


class CreateService(_verbs.Create):
    """Create a service on a device"""

    kind = Service
    columns = _columns.SERVICE
    options = OPTIONS
    tries = True
    example = (
        "service create --device lb-1 --type loadbalancer --config web.yaml "
        "--wait web"
    )

    def attributes(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """With the device's id and the checked configuration."""
        found = super().attributes(parsed_args)
        config = _files.load(found["config"], self.app.stdin)
        kind = self.client.get(ServiceType, found["service_type"])
        _files.validate(config, kind.config_schema, "the configuration")
        device = self.client.find(Device, found["device_id"])
        if "project_id" in found:
            project = _project.id_of(self.app, found["project_id"])
            found["project_id"] = project
        return {**found, "config": config, "device_id": device.id}


class ListService(_verbs.List):
    """List services"""

    kind = Service
    columns = _columns.SERVICE
    filters = (
        _filters.NAME,
        _filters.NAME_PREFIX,
        _filters.PROVISIONING_STATUS,
        _filters.OPERATING_STATUS,
        _filters.FAILING,
        _filters.Filter(
            "--device",
            "device_id",
            "Only those on this device (name or ID)",
            "DEVICE",
            find=Device,
        ),
        _filters.Filter(
            "--type", "service_type", "Only those of this type", "TYPE"
        ),
        _filters.Filter(
            "--managed-by",
            "managed_by",
            "Only those that this service of the cloud owns",
            "SERVICE",
        ),
    )
    example = "service list --device lb-1 --long"


class ShowService(_verbs.Show):
    """Show a service"""

    kind = Service
    columns = _columns.SERVICE
    example = "service show web"


class SetService(_verbs.Set):
    """Change a service; a configuration is replaced as a whole"""

    kind = Service
    options = OPTIONS
    waits = True
    example = "service set --config web.yaml --wait web"

    def changes(
        self, parsed_args: argparse.Namespace, current: Resource
    ) -> dict[str, Any]:
        """With the checked configuration."""
        found = super().changes(parsed_args, current)
        if "config" in found:
            config = self._config(parsed_args, current)
            found["config"] = config
        return found

    def _config(
        self, parsed_args: argparse.Namespace, current: Resource
    ) -> dict[str, Any]:
        # Read once: standard input has it only once, and set may try again.
        if not hasattr(self, "_loaded"):
            config = _files.load(parsed_args.option_config, self.app.stdin)
            name = current.to_dict_view()["service_type"]
            schema = self.client.get(ServiceType, name).config_schema
            _files.validate(config, schema, "the configuration")
            self._loaded = config
        return self._loaded


class UnsetService(_verbs.Unset):
    """Take tags or properties away from a service"""

    kind = Service
    options = OPTIONS
    example = "service unset --tag old web"


class DeleteService(_verbs.Delete):
    """Delete services"""

    kind = Service
    example = "service delete --wait web"


#: columns of `service stats show`: key of the statistics, header
_STATS = (
    ("name", "Name"),
    ("pool", "Pool"),
    ("operating_status", "Status"),
    ("connections_active", "Active"),
    ("connections_total", "Connections"),
    ("requests_total", "Requests"),
    ("bytes_in", "Bytes In"),
    ("bytes_out", "Bytes Out"),
    ("errors_total", "Errors"),
)


class ShowServiceStats(Lister):
    """Show what a service counted, by listener, pool and member"""

    example = "service stats show web"
    give_way = ("Bytes In", "Bytes Out", "Pool", "Connections")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The service."""
        parser = super().get_parser(prog_name)
        _verbs.add_ref(parser, Service)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """The usual columns; see `produce_output` for all there is."""
        found = self.client.find(Service, parsed_args.ref)
        self._stats = self.client.get_service_stats(found.id)
        columns = [("kind", "Kind"), *_STATS]
        return [header for _, header in columns], [
            [_shown(row.get(key)) for key, _ in columns]
            for row in counted(self._stats)
        ]

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
    ) -> int:
        """Rows; in JSON and YAML, unless columns are chosen, everything."""
        if parsed_args.formatter in ("json", "yaml") and (
            not parsed_args.columns
        ):
            formatter: Any = self.formatter
            formatter.emit_one(
                list(self._stats),
                list(self._stats.values()),
                self.app.stdout,
                parsed_args,
            )
            return 0
        return super().produce_output(parsed_args, column_names, data)


def counted(stats: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each listener, pool and member, in this order."""
    for listener in stats.get("listeners", ()):
        yield {"kind": "listener", **listener}
    for pool in stats.get("pools", ()):
        own = {key: pool[key] for key in pool if key != "members"}
        yield {"kind": "pool", **own}
        for member in pool.get("members", ()):
            yield {"kind": "member", "pool": pool.get("name"), **member}


def _shown(value: Any) -> Any:
    return value if isinstance(value, int) else _cells.Cell(value)
