import json

import pytest
import requests
from keystoneauth1 import exceptions as keystone
from openstack import exceptions as sdk

from servicevm.drivers.infra.nova.faults import asking
from servicevm.errors import PermanentError, TransientError


def answer(status: int, body: object) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.reason = "Reason"
    response.request = requests.Request("GET", "http://cloud/x").prepare()
    response.headers["Content-Type"] = "application/json"
    text = body if isinstance(body, str) else json.dumps(body)
    response._content = text.encode()
    return response


def refused(status: int, body: object) -> None:
    """As the SDK reads an answer."""
    with asking("the cloud"):
        sdk.raise_from_response(answer(status, body))


def neutron(kind: str, message: str) -> dict[str, object]:
    return {"NeutronError": {"type": kind, "message": message, "detail": ""}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, {"error": {"code": 401, "message": "Who are you?"}},
         PermanentError, "cloud_credentials"),
        (403, {"forbidden": {"message": "Policy doesn't allow it."}},
         PermanentError, "cloud_forbidden"),
        (403, {"forbidden": {"message": "Quota exceeded for cores: Requested "
                             "1, but already used 20 of 20 cores"}},
         PermanentError, "cloud_quota"),
        (403, {"forbidden": {"message": "Only volume-backed servers are "
                             "allowed for flavors with zero disk."}},
         PermanentError, "flavor_too_small"),
        (409, neutron("OverQuota", "Quota exceeded for resources: ['port']."),
         PermanentError, "cloud_quota"),
        (409, neutron("IpAddressGenerationFailure", "No more IP addresses"),
         PermanentError, "no_free_address"),
        (409, neutron("IpAddressAlreadyAllocated", "IP address is taken"),
         PermanentError, "address_taken"),
        (400, neutron("InvalidIpForSubnet", "IP address is not valid"),
         PermanentError, "network_refused"),
        (404, neutron("NetworkNotFound", "Network x could not be found."),
         PermanentError, "network_missing"),
        (409, neutron("SecurityGroupInUse", "Security Group x in use."),
         TransientError, "cloud_refused"),
        (409, {"conflictingRequest": {"message": "Cannot 'reboot' instance "
                                      "while it is in task_state deleting"}},
         TransientError, "cloud_refused"),
        (400, {"badRequest": {"message": "The requested availability zone is "
                              "not available"}},
         PermanentError, "cloud_refused"),
        (400, {"badRequest": {"message": "Flavor's memory is too small for "
                              "requested image."}},
         PermanentError, "flavor_too_small"),
        (400, {"badRequest": {"message": "Image 1 could not be found."}},
         PermanentError, "image_missing"),
        (400, {"badRequest": {"message": "Port 1 not usable for instance."}},
         PermanentError, "network_refused"),
        (429, {"overLimit": {"message": "Slow down."}},
         TransientError, "cloud_unavailable"),
        (500, {"computeFault": {"message": "Unexpected API Error."}},
         TransientError, "cloud_unavailable"),
        (503, "<html>No server is available</html>",
         TransientError, "cloud_unavailable"),
    ],
)  # fmt: skip
def test_a_refusal_has_a_reason_and_the_clouds_words(
    status, body, kind, code
) -> None:
    with pytest.raises(kind, match="Asked the cloud: ") as caught:
        refused(status, body)
    assert caught.value.reason.code == code
    if isinstance(body, dict):
        (said,) = body.values()
        assert said["message"] in caught.value.detail


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (keystone.ConnectFailure("refused"),
         TransientError, "cloud_unavailable"),
        (keystone.ConnectTimeout("timed out"),
         TransientError, "cloud_unavailable"),
        (keystone.SSLError("certificate"),
         TransientError, "cloud_unavailable"),
        (keystone.Unauthorized("no"), PermanentError, "cloud_credentials"),
        (keystone.EndpointNotFound("no compute"),
         PermanentError, "cloud_not_configured"),
        (keystone.DiscoveryFailure("nothing there"),
         TransientError, "cloud_unavailable"),
        (requests.exceptions.InvalidJSONError("garbage"),
         TransientError, "cloud_unavailable"),
    ],
)  # fmt: skip
def test_no_answer_has_a_reason_as_well(error, kind, code) -> None:
    with pytest.raises(kind) as caught, asking("the cloud"):
        raise error
    assert caught.value.reason.code == code


def test_an_answer_of_any_length_is_cut() -> None:
    body = {"badRequest": {"message": "x" * 10_000}}
    with pytest.raises(PermanentError) as caught:
        refused(400, body)
    assert len(caught.value.detail) < 600


def test_what_is_no_error_of_the_cloud_passes() -> None:
    with pytest.raises(ZeroDivisionError), asking("the cloud"):
        raise ZeroDivisionError
