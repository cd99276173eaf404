"""What every infra driver has to do: a test-suite that vendors run.

Mix `InfraDriverConformance` into a test class of your own and give it the
fixtures ``make_driver`` and ``make_spec``::

    class TestMine(InfraDriverConformance):
        @pytest.fixture
        def make_driver(self): ...

        @pytest.fixture
        def make_spec(self): ...

It is run by pytest and makes real devices. It needs nothing but this module.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from servicevm.drivers.infra.base import (
    DeviceSpec,
    DeviceState,
    InfraDriver,
    Observation,
)
from servicevm.errors import TransientError

MakeDriver = Callable[[], InfraDriver]
"""A driver on the same infrastructure; closed by the fixture at the end."""

MakeSpec = Callable[[], DeviceSpec]
"""A fresh device, with a bootstrap document."""


class Ledger:
    """Records what a driver records, in order."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str | None]] = []

    def __call__(self, kind: str, external_id: str | None) -> None:
        self.entries.append((kind, external_id))

    @property
    def present(self) -> dict[str, str]:
        return {kind: one for kind, one in self.entries if one is not None}


class Interrupted(Exception):
    """The process died here, as far as the driver can tell."""


class InterruptedLedger(Ledger):
    """Raises at entry number `at`, as if the process was killed there."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def __call__(self, kind: str, external_id: str | None) -> None:
        super().__call__(kind, external_id)
        if len(self.entries) == self._at:
            raise Interrupted


class InfraDriverConformance:
    """The suite. Limits are class attributes, in seconds."""

    #: Until a device runs.
    running_within = 60.0
    #: Until a deleted device is gone.
    gone_within = 30.0
    #: For one call: every call "returns at once".
    call_within = 15.0

    def wait_for(
        self, driver: InfraDriver, spec: DeviceSpec, state: DeviceState
    ) -> Observation:
        """Observe until the state is reached.

        :raises AssertionError: it was not, in time
        """
        deadline = time.monotonic() + self.running_within
        while True:
            seen = driver.observe(spec)
            if seen.state == state:
                return seen
            if time.monotonic() > deadline:
                raise AssertionError(f"{seen} is not {state}")
            time.sleep(0.02)

    def wait_gone(self, driver: InfraDriver, spec: DeviceSpec) -> None:
        deadline = time.monotonic() + self.gone_within
        while not driver.delete(spec):
            if time.monotonic() > deadline:
                raise AssertionError(f"{spec.id} is not gone")
            time.sleep(0.02)

    def prepared(
        self, driver: InfraDriver, spec: DeviceSpec, ledger: Ledger
    ) -> DeviceSpec:
        """The device with its interfaces as they turned out."""
        return replace(spec, interfaces=driver.prepare(spec, ledger))

    def make(
        self, driver: InfraDriver, spec: DeviceSpec, ledger: Ledger
    ) -> DeviceSpec:
        """Have a device made; it may still be building."""
        spec = self.prepared(driver, spec, ledger)
        driver.create(spec, ledger)
        return spec

    def within(self, call: Callable[[], object]) -> None:
        started = time.monotonic()
        call()
        took = time.monotonic() - started
        if took > self.call_within:
            raise AssertionError(f"the call took {took:.1f} s")

    def check(self, truth: bool, what: str) -> None:
        if not truth:
            raise AssertionError(what)

    def test_a_device_that_was_never_made_is_absent(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        self.check(
            driver.observe(spec).state == DeviceState.ABSENT, "not ABSENT"
        )
        self.check(driver.delete(spec), "nothing to delete, yet not gone")

    def test_the_footprint_is_known_before_the_device_is_made(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        takes = driver.footprint(spec.options)
        self.check(
            takes == driver.footprint(dict(spec.options)),
            "another footprint for the same options",
        )
        self.check(
            takes.vcpus >= 0 and takes.ram_mib >= 0, f"{takes} is negative"
        )

    def test_create_leads_to_running_and_delete_to_nothing(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec, ledger = make_driver(), make_spec(), Ledger()
        before = driver.device_ids()
        self.within(lambda: driver.prepare(spec, ledger))
        spec = self.prepared(driver, spec, ledger)
        self.within(lambda: driver.create(spec, ledger))
        self.wait_for(driver, spec, DeviceState.RUNNING)
        self.check(spec.id in driver.device_ids(), "not listed")
        self.wait_gone(driver, spec)
        self.check(
            driver.observe(spec).state == DeviceState.ABSENT, "not ABSENT"
        )
        self.check(driver.device_ids() == before, "something is left")

    def test_everything_is_recorded_before_it_is_made(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec, ledger = make_driver(), make_spec(), Ledger()
        spec = self.make(driver, spec, ledger)
        seen: set[str] = set()
        for kind, external_id in ledger.entries:
            if external_id is None:
                seen.add(kind)
            self.check(kind in seen, f"{kind} has no intent before it")
        self.check(seen == set(ledger.present), "an intent without an id")
        self.check(seen.issuperset(driver.intents), "one more is intended")
        self.wait_gone(driver, spec)

    def test_create_is_idempotent(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec, first, again = (
            make_driver(),
            make_spec(),
            Ledger(),
            Ledger(),
        )
        spec = self.make(driver, spec, first)
        self.make(driver, spec, again)
        self.check(
            dict(first.present) | again.present == first.present,
            "the second call made something else",
        )
        self.wait_for(driver, spec, DeviceState.RUNNING)
        self.wait_gone(driver, spec)

    def test_create_goes_on_after_being_killed_anywhere(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        whole = Ledger()
        driver, spec = make_driver(), make_spec()
        self.make(driver, spec, whole)
        self.wait_gone(driver, spec)
        for at in range(1, len(whole.entries) + 1):
            spec = make_spec()
            try:
                self.make(driver, spec, InterruptedLedger(at))
                raise AssertionError("the ledger's error was swallowed")
            except Interrupted:
                pass
            spec = self.make(driver, spec, Ledger())
            self.wait_for(driver, spec, DeviceState.RUNNING)
            self.wait_gone(driver, spec)

    def test_delete_works_wherever_create_was_killed(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        whole = Ledger()
        driver, spec = make_driver(), make_spec()
        before = driver.device_ids()
        self.make(driver, spec, whole)
        self.wait_gone(driver, spec)
        for at in range(1, len(whole.entries) + 1):
            spec = make_spec()
            try:
                self.make(driver, spec, InterruptedLedger(at))
            except Interrupted:
                pass
            self.wait_gone(driver, spec)
            self.check(driver.device_ids() == before, f"left after {at}")

    def test_a_device_survives_the_service(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        spec = self.make(driver, spec, Ledger())
        self.wait_for(driver, spec, DeviceState.RUNNING)
        driver.close()
        driver = make_driver()
        driver.watch([spec], lambda device_id: None)
        self.check(
            driver.observe(spec).state == DeviceState.RUNNING, "not RUNNING"
        )
        self.wait_gone(driver, spec)

    def test_reboot_leads_back_to_running(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        if driver.capabilities.reboot:
            spec = self.make(driver, spec, Ledger())
            self.wait_for(driver, spec, DeviceState.RUNNING)
            self.within(lambda: driver.reboot(spec, hard=True))
            self.wait_for(driver, spec, DeviceState.RUNNING)
        self.wait_gone(driver, spec)

    def test_rebuild_leads_back_to_running(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        if driver.capabilities.rebuild:
            ledger = Ledger()
            spec = self.make(driver, spec, ledger)
            self.wait_for(driver, spec, DeviceState.RUNNING)
            self.within(lambda: driver.rebuild(spec, ledger))
            self.wait_for(driver, spec, DeviceState.RUNNING)
        self.wait_gone(driver, spec)

    def test_rebuild_makes_a_device_that_is_gone(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        if driver.capabilities.rebuild:
            spec = self.prepared(driver, spec, Ledger())
            driver.rebuild(spec, Ledger())
            self.wait_for(driver, spec, DeviceState.RUNNING)
        self.wait_gone(driver, spec)

    def test_what_was_prepared_twice_is_the_same_and_is_deleted(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        before = driver.device_ids()
        once = driver.prepare(spec, Ledger())
        again = driver.prepare(replace(spec, interfaces=once), Ledger())
        self.check(list(once) == list(again), "other interfaces")
        self.check(
            [one.index for one in once]
            == [one.index for one in spec.interfaces],
            "interfaces are missing",
        )
        self.wait_gone(driver, spec)
        self.check(driver.device_ids() == before, "something is left")

    def test_an_interface_comes_and_goes_while_the_device_runs(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        if driver.capabilities.attach_interface:
            ledger = Ledger()
            few = replace(spec, interfaces=spec.interfaces[:-1])
            few = self.make(driver, few, ledger)
            self.wait_for(driver, few, DeviceState.RUNNING)
            more = spec.interfaces[-1]
            self.within(lambda: driver.attach_interface(few, more, ledger))
            plugged = driver.attach_interface(few, more, ledger)
            self.check(plugged.index == more.index, "another interface")
            whole = replace(spec, interfaces=[*few.interfaces, plugged])
            driver.detach_interface(whole, plugged)
            driver.detach_interface(whole, plugged)
            self.wait_for(driver, few, DeviceState.RUNNING)
        self.wait_gone(driver, spec)

    def test_who_was_overtaken_changes_nothing(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        if driver.capabilities.fences:
            old = self.make(driver, replace(spec, fence=1), Ledger())
            new = replace(old, fence=2)
            self.wait_for(driver, spec, DeviceState.RUNNING)
            driver.create(new, Ledger())
            driver.close()
            overtaken = make_driver()
            for call in (
                lambda: overtaken.create(old, Ledger()),
                lambda: overtaken.reboot(old, hard=True),
                lambda: overtaken.delete(old),
            ):
                self.refused(call)
            driver = make_driver()
            self.wait_for(driver, spec, DeviceState.RUNNING)
            driver.reboot(new, hard=True)
            self.refused(lambda: overtaken.reboot(old, hard=True))
            self.wait_gone(driver, new)
            # What is made anew begins anew.
            overtaken.create(old, Ledger())
        self.wait_gone(driver, spec)

    def refused(self, call: Callable[[], object]) -> None:
        try:
            call()
        except TransientError:
            return
        raise AssertionError("an overtaken conductor was not refused")

    def test_the_console_log_is_bounded(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        if driver.capabilities.console_log:
            spec = self.make(driver, spec, Ledger())
            self.wait_for(driver, spec, DeviceState.RUNNING)
            text = driver.console_log(spec, 16)
            self.check(len(text) <= 16, "more than was asked for")
        self.wait_gone(driver, spec)

    def test_a_leftover_is_found_and_destroyed(
        self, make_driver: MakeDriver, make_spec: MakeSpec
    ) -> None:
        driver, spec = make_driver(), make_spec()
        self.make(driver, spec, Ledger())
        self.check(spec.id in driver.device_ids(), "not listed")
        deadline = time.monotonic() + self.gone_within
        while spec.id in driver.device_ids():
            driver.delete_leftover(spec.id)
            if time.monotonic() > deadline:
                raise AssertionError("the leftover is still there")
            time.sleep(0.02)
