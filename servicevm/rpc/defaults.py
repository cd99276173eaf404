"""What we recommend for oslo.messaging, as data.

These are defaults, not settings: servicevm.conf overrides each.
"""

from typing import Any

from oslo_config import cfg

__all__ = ["RECOMMENDED", "recommend"]

#: Group ``oslo_messaging_rabbit``: option to value.
RECOMMENDED: dict[str, Any] = {
    # Survive the loss of a node. Tried with RabbitMQ 3.10.
    "rabbit_quorum_queue": True,
    # Queues for answers live as long as a process: where they are lost they
    # are made anew at once, and a quorum queue is not if it is young; see
    # the manual.
    "rabbit_transient_quorum_queue": False,
    # Works, but nothing of ours is sent to all: and a stream is not there
    # for a while after its only broker was killed, which keeps the other
    # queues of the connection waiting.
    "rabbit_stream_fanout": False,
    # Seconds after which the queue of a process that is gone goes as well.
    # (use_queue_manager would keep it: that needs a [oslo_concurrency]
    # lock_path, and a processname that no other process of the host has.)
    "rabbit_transient_queues_ttl": 600,
    # A broker that comes back is found within seconds.
    "rabbit_interval_max": 4,
    "kombu_reconnect_delay": 0.2,
    # Messages that a process has in hand or before it: what it hoards while
    # it is slow or paused, no other one answers in time. Twice the threads.
    "rabbit_qos_prefetch_count": 64,
    # A caller that is gone must not keep a thread for a minute.
    "kombu_missing_consumer_retry_timeout": 5,
    # Seconds until a connection that brings nothing counts as lost.
    "heartbeat_timeout_threshold": 20,
}


def recommend(conf: cfg.ConfigOpts) -> None:
    """Make them the defaults of `conf`, whose options are registered."""
    for name, value in RECOMMENDED.items():
        conf.set_default(name, value, group="oslo_messaging_rabbit")
