"""Commands: event."""

from servicevmclient.osc import _columns, _verbs
from servicevmclient.osc._filters import Filter
from servicevmclient.osc.v1.operation import DEVICE, RESOURCE
from servicevmclient.v1.event import Event


class ListEvent(_verbs.List):
    """List events"""

    kind = Event
    columns = _columns.EVENT
    tagged = False
    filters = (
        DEVICE,
        RESOURCE,
        Filter("--type", "type", "Only those of this type", "TYPE"),
        Filter(
            "--severity",
            "severity",
            "Only those of this severity",
            "SEVERITY",
            choices=("INFO", "WARNING", "ERROR"),
        ),
    )
    example = "event list --device lb-1 --limit 20"
