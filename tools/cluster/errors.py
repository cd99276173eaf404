"""What can go wrong with a cluster, for who tells a person."""

from tools.cluster._database import ServerError
from tools.cluster.command import CommandError
from tools.cluster.keystone import KeystoneError
from tools.cluster.member import ClusterError
from tools.cluster.rabbitmq import BrokerError

__all__ = ["ERRORS"]

ERRORS = (
    BrokerError,
    ClusterError,
    CommandError,
    KeystoneError,
    OSError,
    ServerError,
)
