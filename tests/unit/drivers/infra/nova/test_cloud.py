"""Many clouds' habits: regions, endpoints, private authorities, overload."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from servicevm.drivers.infra.nova import login
from servicevm.drivers.infra.nova.cloud import Cloud, Clouds
from servicevm.drivers.infra.nova.faults import asking
from servicevm.errors import PermanentError, ServicevmError, TransientError
from tests.unit.agent.certificates import Authority
from tests.unit.drivers.infra.nova.small_cloud import SmallCloud

Connect = Callable[..., Cloud]


@pytest.fixture
def connect(conf: cfg.ConfigOpts) -> Iterator[Connect]:
    """Serves a cloud, and logs in there with these options of ``[nova]``."""
    known = {opt.dest: opt for opt in login.auth_opts()}
    with ExitStack() as stack:

        def one(cloud: SmallCloud, **options: Any) -> Cloud:
            stack.enter_context(cloud.serving())
            login.register(conf)
            values = {
                "auth_type": "password",
                "auth_url": f"{cloud.address}/v3",
                "username": "servicevm",
                "password": "secret",
                "project_name": "service",
                "user_domain_id": "default",
                "project_domain_id": "default",
                **options,
            }
            for name, value in values.items():
                if name not in conf.nova:
                    conf.register_opt(known[name], group=login.GROUP)
                conf.set_override(name, value, group=login.GROUP)
            clouds = Clouds(conf)
            stack.callback(clouds.close)
            return clouds.service()

        yield one


def listed(cloud: Cloud) -> list[Any]:
    with asking("Nova for its servers"):
        return list(cloud.connection.compute.servers())


def made(cloud: Cloud) -> None:
    with asking("Nova to make a server"):
        cloud.connection.compute.create_server(name="one", flavor_id="1")


def deleted(cloud: Cloud) -> None:
    with asking("Nova to delete a server"):
        cloud.connection.compute.delete_server("old")


@pytest.fixture(params=[listed, made, deleted], ids=["read", "make", "delete"])
def call(request: pytest.FixtureRequest) -> Callable[[Cloud], object]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def authority() -> Authority:
    return Authority("a cloud's own")


@pytest.fixture
def tls(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    return authority.web_context(tmp_path, "127.0.0.1")


@pytest.mark.parametrize("region", ["RegionOne", "RegionTwo"])
def test_the_region_that_is_named_is_asked(
    connect: Connect, region: str
) -> None:
    small = SmallCloud([("RegionOne", "internal"), ("RegionTwo", "internal")])
    listed(connect(small, region_name=region))
    assert {path.split("/")[1] for _, path in small.heard} == {region}


def test_a_region_that_is_not_there_is_said(connect: Connect) -> None:
    with pytest.raises(PermanentError, match="RegionX") as caught:
        connect(SmallCloud(), region_name="RegionX")
    assert caught.value.reason.code == "cloud_not_configured"


@pytest.mark.parametrize(
    ("there", "wanted", "taken"),
    [
        (["public", "internal", "admin"], None, "internal"),
        (["public", "admin"], None, "public"),
        (["public", "internal", "admin"], ["admin"], "admin"),
        (["public", "internal"], ["public", "internal"], "public"),
    ],
    ids=["internal", "public", "admin", "order"],
)
def test_the_best_kind_of_endpoint_that_there_is_is_asked(
    connect: Connect, there: list[str], wanted: list[str] | None, taken: str
) -> None:
    small = SmallCloud([("RegionOne", kind) for kind in there])
    options = {} if wanted is None else {"valid_interfaces": wanted}
    listed(connect(small, **options))
    assert {path.split("/")[2] for _, path in small.heard} == {taken}


def test_a_private_authority_is_trusted_where_cafile_names_it(
    connect: Connect,
    authority: Authority,
    tls: ssl.SSLContext,
    tmp_path: Path,
) -> None:
    cafile = tmp_path / "cloud.pem"
    cafile.write_text(authority.pem)
    assert listed(connect(SmallCloud(tls=tls), cafile=str(cafile))) == []


def test_an_authority_that_nobody_named_is_not_trusted(
    connect: Connect, tls: ssl.SSLContext
) -> None:
    small = SmallCloud(tls=tls)
    with pytest.raises(ServicevmError, match=r"(?i)certificate"):
        connect(small)
    assert small.heard == []


def test_another_authority_is_not_trusted(
    connect: Connect, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    cafile = tmp_path / "other.pem"
    cafile.write_text(Authority("another's").pem)
    with pytest.raises(ServicevmError, match=r"(?i)certificate"):
        connect(SmallCloud(tls=tls), cafile=str(cafile))


def test_insecure_has_to_be_said(
    connect: Connect, conf: cfg.ConfigOpts, tls: ssl.SSLContext
) -> None:
    login.register(conf)
    assert conf.nova.insecure is False
    with pytest.warns(match="Unverified HTTPS"):
        listed(connect(SmallCloud(tls=tls), insecure=True))


def test_every_request_ends_by_its_timeout(
    connect: Connect, call: Callable[[Cloud], object]
) -> None:
    small = SmallCloud()
    cloud = connect(small, timeout=0.3, connect_retries=0)
    small.awake.clear()
    began = time.monotonic()
    with pytest.raises(TransientError) as caught:
        call(cloud)
    assert time.monotonic() - began < 5
    assert caught.value.reason.code == "cloud_unavailable"


def test_there_is_a_timeout_where_none_is_set(conf: cfg.ConfigOpts) -> None:
    login.register(conf)
    assert conf.nova.timeout == login.TIMEOUT


@pytest.mark.parametrize(
    ("call", "times"),
    [(listed, 2), (deleted, 2), (made, 1)],
    ids=["read", "delete", "make"],
)
def test_no_answer_is_asked_for_again_but_of_what_makes_something(
    connect: Connect, call: Callable[[Cloud], object], times: int
) -> None:
    small = SmallCloud()
    cloud = connect(small, timeout=0.3)
    small.awake.clear()
    small.heard.clear()
    with pytest.raises(TransientError):
        call(cloud)
    assert len(small.heard) == times


@pytest.mark.parametrize("call", [listed, deleted], ids=["read", "delete"])
def test_a_cloud_that_is_overloaded_is_asked_again(
    connect: Connect, call: Callable[[Cloud], object]
) -> None:
    small = SmallCloud()
    cloud = connect(small)
    small.overloaded = 2
    small.heard.clear()
    call(cloud)
    assert len(small.heard) == 3


def test_a_cloud_that_is_overloaded_is_not_asked_to_make_twice(
    connect: Connect,
) -> None:
    small = SmallCloud()
    cloud = connect(small)
    small.overloaded = 1
    small.heard.clear()
    with pytest.raises(TransientError, match="Too much to do"):
        made(cloud)
    assert len(small.heard) == 1
