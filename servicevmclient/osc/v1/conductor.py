"""Commands: conductor."""

from servicevmclient.osc import _columns, _verbs
from servicevmclient.osc._filters import ALIVE, HOST, NAME
from servicevmclient.v1.conductor import Conductor


class ListConductor(_verbs.List):
    """List conductors, the processes that drive operations"""

    kind = Conductor
    columns = _columns.PROCESS
    tagged = False
    owned = False
    filters = (NAME, HOST, ALIVE)
    example = "conductor list"


class ShowConductor(_verbs.Show):
    """Show a conductor"""

    kind = Conductor
    columns = _columns.PROCESS
    example = (
        "conductor show $(servicevm conductor list --limit 1 -f value -c Name)"
    )
