"""One load balancer: configuration in, haproxy and its status out."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any, Dict, List, Mapping, Optional

from servicevm_agent.service import (
    DEAD,
    DEGRADED,
    OFFLINE,
    ONLINE,
    UNKNOWN,
    ConfigRefused,
    Environment,
    Service,
    Status,
)
from servicevm_agent.services.haproxy import members, slots, stats
from servicevm_agent.services.haproxy.config import LoadBalancer, parse
from servicevm_agent.services.haproxy.process import Haproxy
from servicevm_agent.services.haproxy.render import Place, render
from servicevm_agent.services.haproxy.runtime import (
    HaproxyError,
    Row,
    stat_rows,
)

#: Looks, two seconds apart, without an answer after which haproxy is not
#: just slow.
_SILENT_LOOKS = 3


class Balancer(Service):
    """haproxy with one configuration."""

    def __init__(self, service_id: str, environment: Environment) -> None:
        layout = environment.layout
        self._folder = os.path.join(layout.run, service_id)
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        self._memory = os.path.join(self._folder, "memory.json")
        self._haproxy = Haproxy(layout.haproxy, self._folder, layout.netns)
        self._place = Place(
            stats_socket=self._haproxy.stats_socket,
            bind_address=layout.bind_address,
            user=layout.haproxy_user,
            group=layout.haproxy_group,
            chroot=layout.haproxy_chroot,
            socks4=environment.egress_proxy,
        )
        self._balancer: Optional[LoadBalancer] = None
        self._silent_looks = 0
        #: Why what served before does not.
        self._failure = ""
        memory = self._remembered()
        self._slots: slots.Slots = memory.get("slots", {})
        self._statistics = stats.Statistics(memory.get("statistics"))

    def apply(self, config: Mapping[str, Any], *, trusted: bool) -> None:
        try:
            self._apply(config, trusted=trusted)
        except (ConfigRefused, OSError) as error:
            if trusted:
                self._failure = str(error)
            raise

    def restart(self, config: Mapping[str, Any]) -> None:
        self._sample()
        self._haproxy.stop()
        self.apply(config, trusted=True)

    def remove(self) -> None:
        self._haproxy.stop()
        self._balancer = None
        shutil.rmtree(self._folder)

    def observe(self) -> Status:
        if self._balancer is None:
            if self._failure:
                return Status(DEAD, self._failure)
            return Status(OFFLINE, "not configured")
        self._haproxy.bound_log()
        rows = self._sample()
        if rows is None:
            return self._revive()
        self._silent_looks = 0
        return _status(self._balancer, self._slots, rows)

    def counters(self) -> Dict[str, int]:
        return self._statistics.sums()

    def act(self, action: str, arguments: Mapping[str, Any]) -> Dict[str, Any]:
        if action != "stats":
            raise ValueError(f"a load balancer has no action {action[:64]}")
        if arguments:
            raise ValueError("stats takes no arguments")
        if self._balancer is None:
            return {"listeners": [], "pools": []}
        rows = self._sample() or []
        return stats.report(
            rows, self._balancer, self._slots, self._statistics
        )

    def _apply(self, config: Mapping[str, Any], *, trusted: bool) -> None:
        wanted = parse(config)
        self._refuse_out_of_reach(wanted)
        answers = self._sample() is not None
        if answers and self._by_runtime(wanted):
            return
        chosen = {
            pool.name: slots.grow(
                self._slots.get(pool.name, []), [m.name for m in pool.members]
            )
            for pool in wanted.pools
        }
        text = render(wanted, chosen, self._place)
        if not self._serves(text):
            if not answers and self._silent_looks >= _SILENT_LOOKS:
                # A worker that hangs gives its ports to no other.
                self._haproxy.stop()
            try:
                self._haproxy.swap(
                    text, trusted=trusted, farewell=self._sample
                )
            except (ConfigRefused, OSError):
                if trusted and self._haproxy.running() is None:
                    # It served before: `observe` tries until it does again.
                    self._balancer, self._slots = wanted, chosen
                raise
            self._statistics.worker_changed()
        self._settle(wanted, chosen)

    def _refuse_out_of_reach(self, wanted: LoadBalancer) -> None:
        """SOCKS4, the way out of QEMU's user network, knows IPv4 only."""
        if not self._place.socks4:
            return
        for pool in wanted.pools:
            for member in pool.members:
                if ":" in member.address:
                    raise ConfigRefused(
                        f"member {member.name} of pool {pool.name}: "
                        f"{member.address} cannot be reached; the network "
                        "'user' has IPv4 only"
                    )

    def _by_runtime(self, wanted: LoadBalancer) -> bool:
        """Change members alone through the runtime socket, if possible."""
        old = self._balancer
        if old is None or _without_members(old) != _without_members(wanted):
            return False
        chosen = {
            pool.name: slots.assign(
                self._slots[pool.name], [m.name for m in pool.members]
            )
            for pool in wanted.pools
        }
        try:
            done = members.change(
                self._haproxy.stats_socket,
                old,
                self._slots,
                wanted,
                chosen,
            )
        except HaproxyError:
            done = False  # a reload puts all of it right
        if done:
            self._haproxy.rewrite(render(wanted, chosen, self._place))
            self._settle(wanted, chosen)
        return done

    def _serves(self, text: str) -> bool:
        """A haproxy of an earlier agent serves just this."""
        if self._balancer is not None or self._haproxy.running() is None:
            return False
        try:
            with open(self._haproxy.config, encoding="ascii") as file:
                return file.read() == text
        except FileNotFoundError:
            return False

    def _settle(self, balancer: LoadBalancer, chosen: slots.Slots) -> None:
        self._balancer = balancer
        self._failure = ""
        self._slots = chosen
        self._statistics.forget_others(balancer, chosen)
        self._remember()

    def _sample(self) -> Optional[List[Row]]:
        """Count, and return the rows; None if haproxy does not answer."""
        if self._balancer is None:
            return None
        try:
            rows = stat_rows(self._haproxy.stats_socket)
        except HaproxyError:
            return None
        self._statistics.add(rows, self._balancer, self._slots)
        return rows

    def _revive(self) -> Status:
        """Start haproxy again if it has died; it may just be slow."""
        if self._haproxy.running() is not None or self._balancer is None:
            self._silent_looks += 1
            slow = self._silent_looks < _SILENT_LOOKS
            return Status(UNKNOWN if slow else DEAD, "haproxy does not answer")
        text = render(self._balancer, self._slots, self._place)
        self._statistics.worker_changed()
        try:
            self._haproxy.swap(text, trusted=True, farewell=self._sample)
        except (ConfigRefused, OSError) as error:
            return Status(DEAD, f"haproxy has ended: {error}")
        # An agent that is started anew must not take what this one counts
        # for more of what the last one did.
        self._remember()
        return Status(UNKNOWN, "haproxy had ended and was started again")

    def _remembered(self) -> Dict[str, Any]:
        try:
            with open(self._memory, encoding="ascii") as file:
                memory: Dict[str, Any] = json.load(file)
        except FileNotFoundError:
            return {}
        return memory

    def _remember(self) -> None:
        """For an agent that is started again while haproxy runs on."""
        memory = {
            "slots": self._slots,
            "statistics": self._statistics.to_dict(),
        }
        scratch = self._memory + ".new"
        with open(scratch, "w", encoding="ascii") as file:
            json.dump(memory, file)
        os.replace(scratch, self._memory)


def _without_members(balancer: LoadBalancer) -> LoadBalancer:
    pools = tuple(pool._replace(members=()) for pool in balancer.pools)
    return balancer._replace(pools=pools)


def _status(
    balancer: LoadBalancer, chosen: slots.Slots, rows: List[Row]
) -> Status:
    seen = {(row["pxname"], row["svname"]): row for row in rows}
    found: List[Dict[str, str]] = []
    serving, down = 0, 0
    for pool in balancer.pools:
        for member in pool.members:
            slot = chosen[pool.name].index(member.name)
            place = (f"p-{pool.name}", slots.server_name(slot))
            status = stats.member_status(seen.get(place, {}))
            found.append(
                {
                    "name": member.name,
                    "pool": pool.name,
                    "operating_status": status,
                }
            )
            if status != ONLINE:
                down += 1
            elif member.share:
                serving += 1
    if not serving:
        return Status(OFFLINE, "no member can be used", found)
    if down:
        return Status(DEGRADED, f"{down} of {len(found)} are down", found)
    return Status(ONLINE, "", found)
