"""Commands: api."""

from servicevmclient.osc import _columns, _verbs
from servicevmclient.osc._filters import ALIVE, HOST, NAME
from servicevmclient.v1.api import Api


class ListApi(_verbs.List):
    """List API processes; the workers of one server are one"""

    kind = Api
    columns = _columns.PROCESS
    tagged = False
    owned = False
    filters = (NAME, HOST, ALIVE)
    example = "api list --alive true"
