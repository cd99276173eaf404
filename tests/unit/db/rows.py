"""Rows that tests begin with."""

from servicevm.db import models
from servicevm.plans import PLAN_VERSION

TEMPLATE = "00000000-0000-4000-8000-000000000001"
DEVICE = "00000000-0000-4000-8000-000000000002"
SERVICE = "00000000-0000-4000-8000-000000000003"
OPERATION = "00000000-0000-4000-8000-000000000004"


def template(**values: object) -> models.DeviceTemplate:
    return models.DeviceTemplate(
        **{
            "id": TEMPLATE,
            "seq": 1,
            "project_id": "default",
            "name": "small",
            "revision": 1,
            "properties": {},
            "created_at": 1,
            "updated_at": 1,
        }
        | values
    )


def device(**values: object) -> models.Device:
    return models.Device(
        **{
            "id": DEVICE,
            "seq": 1,
            "project_id": "default",
            "name": "d1",
            "provisioning_status": "ACTIVE",
            "operating_status": "ONLINE",
            "properties": {},
            "created_at": 1,
            "updated_at": 1,
            "template_id": TEMPLATE,
            "template_revision": 1,
            "slots": 4,
            "facts": {},
        }
        | values
    )


def service(**values: object) -> models.Service:
    return models.Service(
        **{
            "id": SERVICE,
            "seq": 1,
            "project_id": "default",
            "name": "web",
            "provisioning_status": "ACTIVE",
            "operating_status": "ONLINE",
            "properties": {},
            "created_at": 1,
            "updated_at": 1,
            "device_id": DEVICE,
            "service_type": "loadbalancer",
            "slots": 1,
            "config": {},
            "digest": "sha256:0",
            "endpoints": [],
            "members": [],
        }
        | values
    )


def revision(**values: object) -> models.DeviceTemplateRevision:
    return models.DeviceTemplateRevision(
        **{
            "template_id": TEMPLATE,
            "revision": 1,
            "spec": {"infra_driver": "noop", "mgmt_driver": "noop"},
            "created_at": 1,
        }
        | values
    )


def operation(**values: object) -> models.Operation:
    return models.Operation(
        **{
            "id": OPERATION,
            "project_id": "default",
            "resource_type": "device",
            "resource_id": DEVICE,
            "device_id": DEVICE,
            "action": "create",
            "initiator": "user",
            "request_id": "",
            "arguments": {},
            "state": "PENDING",
            "step": "allocate",
            "step_data": {},
            "plan_version": PLAN_VERSION,
            "run_after": 1,
            "deadline": 2**62,
            "created_at": 1,
            "updated_at": 1,
        }
        | values
    )
