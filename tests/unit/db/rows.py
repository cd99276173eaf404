"""Rows that tests begin with."""

from servicevm.db import models

TEMPLATE = "00000000-0000-4000-8000-000000000001"
DEVICE = "00000000-0000-4000-8000-000000000002"
SERVICE = "00000000-0000-4000-8000-000000000003"


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
