"""The header ``OpenStack-API-Version: servicevm 1.N``."""

import falcon
import microversion_parse

from servicevm.errors import NOT_ACCEPTABLE, PermanentError

SERVICE_TYPE = "servicevm"
HEADER = "OpenStack-API-Version"

MIN = microversion_parse.Version(1, 0)
MAX = microversion_parse.Version(1, 0)


def negotiate(req: falcon.Request) -> microversion_parse.Version:
    """The version that the request is to be answered in.

    :raises PermanentError: NOT_ACCEPTABLE
    """
    header = req.get_header(HEADER)
    if header is None:
        return MIN
    try:
        text = microversion_parse.get_version(
            {HEADER: header}, service_type=SERVICE_TYPE
        )
        if text is None:
            return MIN
        if text == "latest":
            return MAX
        version = microversion_parse.parse_version_string(text)
    except (TypeError, ValueError):
        raise PermanentError(
            NOT_ACCEPTABLE,
            f"{HEADER} must be '{SERVICE_TYPE} MAJOR.MINOR', from {MIN} to "
            f"{MAX}.",
        ) from None
    if not MIN <= version <= MAX:
        raise PermanentError(
            NOT_ACCEPTABLE,
            f"Version {version} is not offered; from {MIN} to {MAX} are.",
        )
    return version
