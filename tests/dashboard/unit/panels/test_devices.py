"""The devices' pages, over HTTP to the service."""

from collections.abc import Callable

import django.test
from django.urls import reverse

from servicevmclient.testing import FakeServicevm

INDEX = reverse("horizon:project:servicevm_devices:index")


def test_an_empty_list_says_what_to_do(
    member: django.test.Client,
) -> None:
    answer = member.get(INDEX)
    assert answer.status_code == 200
    assert b"create one to begin" in answer.content


def test_a_device_is_shown_by_name_and_human_words(
    member: django.test.Client, service: FakeServicevm
) -> None:
    template = service.store.add("device_templates", {"name": "lb"})
    service.store.add(
        "devices", {"name": "lb1", "template_id": template["id"]}
    )
    text = member.get(INDEX).content.decode()
    assert "lb1" in text
    assert ">PENDING_CREATE<" not in text


def test_a_service_that_is_down_leaves_the_page_open_and_says_so(
    as_user: Callable[..., django.test.Client],
) -> None:
    with FakeServicevm() as gone:
        url = gone.url
    answer = as_user("member", "reader", url=url).get(INDEX)
    assert answer.status_code == 200
    assert b"does not answer" in answer.content
