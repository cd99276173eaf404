"""What a command's exit code means, declared once."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command, in ``servicevm`` and ``openstack``.

    Not ours but seen as well: 130 (interrupted) and 141 (the reader of our
    output went away), both from cliff.
    """

    #: all of it was done
    OK = 0
    #: something else failed: the service, the network, one of many
    ERROR = 1
    #: the command line or a file it names is wrong; nothing was sent
    USAGE = 2
    #: there is no such resource
    NOT_FOUND = 3
    #: not authenticated, or not allowed
    AUTH = 4
    #: contradicts the resource's state, changed meanwhile, or ambiguous
    CONFLICT = 5
    #: the time for --wait ran out; the operation goes on
    TIMED_OUT = 6
    #: the resource or its operation failed while we waited
    RESOURCE_FAILED = 7
