"""What oslo.log makes of the lines that are written."""

import contextlib
import logging
from collections.abc import Iterator

from oslo_config import cfg
from oslo_log import formatters

from servicevm import logs


class _Kept(logging.Handler):
    """Keeps the lines, formatted where they are written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextlib.contextmanager
def kept(level: int = logging.INFO) -> Iterator[list[str]]:
    """Lines of this project's loggers, as the service would write them."""
    conf = cfg.ConfigOpts()
    logs.register(conf)
    conf([], project="servicevm", default_config_files=[])
    handler = _Kept()
    handler.setFormatter(formatters.ContextFormatter(config=conf))
    logger = logging.getLogger("servicevm")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield handler.lines
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
