"""Rows that come as one JSON text are what was written."""

import pytest
from oslo_config import cfg

from servicevm.db import api, listing, models
from tests.unit.db import rows

LISTING = listing.Listing(
    model=models.DeviceTemplate,
    filters={},
    sorts={"created_at": models.DeviceTemplate.seq},
)
TEXTS = [
    "",
    'a "quoted" \\ and \\u0041 /',
    "line\nfeed\ttab\r\x01\x1f\x7f",
    "wéb \N{SNOWMAN} \N{PILE OF POO} \N{LINE SEPARATOR}",
    "'; -- %s %(a)s :b",
    '["a"]',
    "null",
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_comes_as_it_was_written(
    database: cfg.ConfigOpts, text: str
) -> None:
    with api.writer() as session:
        session.add(rows.template(name=text, properties={"a": text}))
        session.add(models.Tag(resource_id=rows.TEMPLATE, tag=text))
    with api.reader() as session:
        row = listing.one(session, LISTING, rows.TEMPLATE)
    assert (row.name, row.properties, row.tags) == (text, {"a": text}, [text])


def test_numbers_keep_every_digit(database: cfg.ConfigOpts) -> None:
    long = {"n": 10**40, "f": 0.1, "m": -(2**63)}
    with api.writer() as session:
        session.add(rows.template(created_at=2**63 - 1, properties=long))
    with api.reader() as session:
        row = listing.one(session, LISTING, rows.TEMPLATE)
    assert (row.created_at, row.properties) == (2**63 - 1, long)


def test_what_has_no_tags_has_none(database: cfg.ConfigOpts) -> None:
    with api.writer() as session:
        session.add(rows.template())
    with api.reader() as session:
        row = listing.one(session, LISTING, rows.TEMPLATE)
    assert not row.tags
