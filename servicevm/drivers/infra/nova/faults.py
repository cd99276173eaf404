"""The cloud's errors, and servers' faults, as our reasons.

The cloud's own sentence is always in the detail; what was sent never is: it
may have had a token or a first-boot document in it.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from keystoneauth1 import exceptions as keystone
from openstack import exceptions as sdk

from servicevm import errors
from servicevm.errors import (
    PermanentError,
    Reason,
    ServicevmError,
    TransientError,
)

__all__ = ["Answer", "answer_of", "asking", "of_fault", "status"]

#: Most characters of the cloud's words that are kept.
_MOST = 500

_QUOTA = re.compile(
    r"quota|\b(?:maximum|limit)\b.*\b(?:exceeded|reached)|exceeded.*\blimit\b",
    re.IGNORECASE,
)

#: Neutron says which error it is; the words differ between releases.
_NEUTRON: dict[str, Reason] = {
    "OverQuota": errors.CLOUD_QUOTA,
    "QuotaExceeded": errors.CLOUD_QUOTA,
    "IpAddressGenerationFailure": errors.NO_FREE_ADDRESS,
    "IpAddressGenerationFailureNoMatchingSubnet": errors.NO_FREE_ADDRESS,
    "IpAddressInUse": errors.ADDRESS_TAKEN,
    "IpAddressAlreadyAllocated": errors.ADDRESS_TAKEN,
    "NetworkNotFound": errors.NETWORK_MISSING,
    "SubnetNotFound": errors.NETWORK_MISSING,
    "PortNotFound": errors.NETWORK_MISSING,
    "InvalidIpForNetwork": errors.NETWORK_REFUSED,
    "InvalidIpForSubnet": errors.NETWORK_REFUSED,
}

#: What Nova says of a request or of a server, the first that fits.
_NOVA: tuple[tuple[re.Pattern[str], Reason], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (r"no valid host|exhausted all hosts", errors.NO_VALID_HOST),
        (
            r"not enough hosts|insufficient compute resources",
            errors.NO_VALID_HOST,
        ),
        (r"group policy violation", errors.NO_VALID_HOST),
        (r"flavor.*\btoo small\b", errors.FLAVOR_TOO_SMALL),
        (r"flavor .*(?:not|n't) be found", errors.FLAVOR_MISSING),
        (r"only volume-backed servers", errors.FLAVOR_TOO_SMALL),
        (r"image .*(?:not|n't) be found", errors.IMAGE_MISSING),
        (
            r"image .*(?:unacceptable|not active|corrupt|not support|invalid)",
            errors.IMAGE_UNUSABLE,
        ),
        (
            r"(?:unacceptable|invalid|corrupt).* image|disk format|qemu-img",
            errors.IMAGE_UNUSABLE,
        ),
        (r"port .* not usable|port .* in use", errors.NETWORK_REFUSED),
    )
)


@dataclass(frozen=True)
class Answer:
    """What the cloud said to a request.

    :param status: HTTP status; 0 where there was no answer
    :param kind: Neutron's name of the error, or empty
    """

    status: int
    text: str
    kind: str = ""


def answer_of(error: Exception) -> Answer:
    """Read an exception of the SDK or of keystoneauth."""
    response = getattr(error, "response", None)
    code = getattr(error, "status_code", None)
    if code is None:
        code = getattr(error, "http_status", None)
    text, kind = _said(response)
    if not text:
        text = str(getattr(error, "details", None) or error)
    return Answer(int(code or 0), _short(text), kind)


def status(error: Exception) -> int:
    return answer_of(error).status


@contextlib.contextmanager
def asking(what: str) -> Iterator[None]:
    """Have what the cloud refuses inside said as one of our errors.

    :param what: was asked for, e.g. ``Nova to make a server``
    """
    try:
        yield
    except (
        sdk.SDKException,
        keystone.ClientException,
        # An answer that is no JSON.
        requests.exceptions.RequestException,
    ) as error:
        raise _translated(error, what) from error


def of_fault(message: str) -> Reason:
    """Why a server is in ERROR."""
    if _QUOTA.search(message):
        return errors.CLOUD_QUOTA
    return _by_words(message) or errors.SERVER_FAILED


def _translated(error: Exception, what: str) -> ServicevmError:
    if isinstance(error, keystone.MissingRequiredOptions):
        return PermanentError(errors.CLOUD_NOT_CONFIGURED, f"[nova]: {error}")
    answer = answer_of(error)
    detail = f"Asked {what}: {answer.text}"
    if answer.status in (401, 407):
        return PermanentError(errors.CLOUD_CREDENTIALS, detail)
    if answer.kind in _NEUTRON:
        return PermanentError(_NEUTRON[answer.kind], detail)
    if answer.status in (403, 409, 413) and _QUOTA.search(answer.text):
        return PermanentError(errors.CLOUD_QUOTA, detail)
    if 400 <= answer.status < 500 and answer.status not in (408, 429):
        found = _by_words(answer.text)
        if found is not None:
            return PermanentError(found, detail)
        if answer.status == 403:
            return PermanentError(errors.CLOUD_FORBIDDEN, detail)
        if answer.status in (404, 409):
            # It went, or is busy: the next try looks again.
            return TransientError(errors.CLOUD_REFUSED, detail)
        return PermanentError(errors.CLOUD_REFUSED, detail)
    if isinstance(
        error,
        keystone.EndpointNotFound
        | sdk.EndpointNotFound
        # So the SDK says that the catalog has none in this region.
        | sdk.ServiceDisabledException,
    ):
        return PermanentError(errors.CLOUD_NOT_CONFIGURED, detail)
    # No answer, or one that says that the cloud is at fault.
    return TransientError(errors.CLOUD_UNAVAILABLE, detail)


def _by_words(text: str) -> Reason | None:
    for pattern, reason in _NOVA:
        if pattern.search(text):
            return reason
    return None


def _said(response: Any) -> tuple[str, str]:
    """The sentence in an answer's body, and Neutron's name of the error."""
    if response is None:
        return "", ""
    try:
        document = response.json()
    except ValueError:
        # Not of the cloud but of a proxy before it: its page says little.
        return f"HTTP {response.status_code} {response.reason}", ""
    if not isinstance(document, dict):
        return "", ""
    # {"NeutronError": {...}}, {"badRequest": {...}}, {"message": ...}
    for value in (*document.values(), document):
        if isinstance(value, dict) and isinstance(value.get("message"), str):
            return value["message"], str(value.get("type", ""))
        if isinstance(value, str) and "NeutronError" in document:
            return value, ""
    return "", ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    if len(text) <= _MOST:
        return text
    return text[: _MOST - 3] + "..."
