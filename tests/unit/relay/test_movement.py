import asyncio
import ssl

from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.relay.limits import Limits
from servicevm.relay.movement import Movement
from servicevm.relay.switchboard import Switchboard
from tests.functional.relay.conductor import MemoryConductor


def test_a_relay_that_stops_drains_whatever_it_is_told() -> None:
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])

    async def stop() -> tuple[bool, bool]:
        board = Switchboard(
            asyncio.get_running_loop(),
            Limits.from_conf(conf),
            MemoryConductor(),
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        )
        movement = Movement(board)
        movement.draining = True
        movement.draining = False
        before = board.draining
        assert await movement.all(0) == 0
        movement.draining = False
        await board.crew.stop(1)
        return before, board.draining

    assert asyncio.run(stop()) == (False, True)
