"""What the tests of those who use this package may import.

::

    with FakeServicevm() as fake:
        client = Client(Session(auth=NoAuth(endpoint=fake.url)))
        device = client.create_device(name="lb", template_id=...)
        client.wait_for_device(device, interval=0.01)
"""

from servicevmclient.testing.fake import FakeServicevm

__all__ = ["FakeServicevm"]
