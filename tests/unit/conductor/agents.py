"""An agent as the conductor sees it: a key, a session, reports."""

import uuid
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from servicevm.conductor.service import Conductor
from servicevm.errors import (
    AGENT_BUSY,
    AGENT_NOT_CONNECTED,
    AGENT_TIMEOUT,
    TransientError,
)


def make_csr(key: ec.EllipticCurvePrivateKey | None = None) -> str:
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def serial_of(certificate: str) -> str:
    found = x509.load_pem_x509_certificate(certificate.encode())
    return format(found.serial_number, "x")


class Relay:
    """A relay with the agents that are connected to it, without a wire."""

    def __init__(self) -> None:
        self.agents: dict[str, Agent] = {}

    def call(
        self, device_id: str, method: str, params: Any, timeout: float
    ) -> Any:
        agent = self.agents.get(device_id)
        if agent is None:
            raise TransientError(AGENT_NOT_CONNECTED, "Not connected.")
        return getattr(agent, f"do_{method}")(params)

    def close_session(self, device_id: str, reason: str) -> bool:
        agent = self.agents.pop(device_id, None)
        if agent is not None:
            agent.closed = reason
        return True


class Agent:
    """Applies at once where it is `prompt`, else when `work` is called;
    tells the outcome when `tell` is called."""

    def __init__(self, relay: Relay, conductor: Conductor) -> None:
        self.relay = relay
        self.conductor = conductor
        self.device_id = ""
        self.serial = ""
        self.epoch = 0
        self.boot_id = str(uuid.uuid4())
        self.services: dict[str, dict[str, Any]] = {}
        self.accepted: list[dict[str, Any]] = []
        self.untold: list[dict[str, Any]] = []
        self.prompt = True
        self.refuses = ""
        self.busy = False
        #: It restarts what it is asked to, but says so too late.
        self.late = False
        #: Operations for which it was asked to restart something.
        self.restarts: list[str] = []
        #: What it takes for a service that is dead to serve again.
        self.cures: dict[str, str] = {}
        self.closed: str | None = None
        #: Name of the relay that it comes to.
        self.at = "r1"

    def enrol(self, token: str) -> dict[str, Any]:
        answer = dict(
            self.conductor.enrol(token, make_csr(), "serial", self.at)
        )
        self.device_id = answer["device_id"]
        self.serial = serial_of(answer["certificate"])
        return answer

    def connect(self) -> None:
        answer = self.conductor.session_opened(
            self.device_id,
            self.serial,
            self.at,
            {
                "proto": 1,
                "agent_version": "1.0",
                "boot_id": self.boot_id,
                "ready": True,
                "services": self.services,
            },
        )
        self.epoch = answer["epoch"]
        self.relay.agents[self.device_id] = self

    def disconnect(self) -> None:
        self.relay.agents.pop(self.device_id, None)
        self.conductor.session_closed(self.device_id, self.epoch, "lost")

    def tell(self) -> None:
        """Report the outcome of what was applied."""
        while self.untold:
            self.conductor.result(
                self.device_id, self.epoch, self.untold.pop(0)
            )

    def do_status(self, params: Any) -> Any:
        return {
            "ready": True,
            "boot_id": self.boot_id,
            "services": self.services,
        }

    def do_apply(self, params: Any) -> Any:
        if self.busy:
            raise TransientError(AGENT_BUSY, "Others ask it.")
        self.accepted.append(params)
        if self.prompt:
            self.work()
        return {"accepted": True}

    def work(self) -> None:
        """Apply what was accepted; the outcomes are told by `tell`."""
        while self.accepted:
            params = self.accepted.pop(0)
            report = self.services.setdefault(
                params["service_id"],
                {
                    "generation": 0,
                    "digest": "",
                    "operating_status": "OFFLINE",
                },
            )
            if self.refuses:
                report["failed_generation"] = params["generation"]
                report["detail"] = self.refuses
            else:
                report |= {
                    "generation": params["generation"],
                    "digest": params["digest"],
                    "failed_generation": None,
                }
                self._may_mend(params["service_id"], "apply")
            self.untold.append(
                {
                    "service_id": params["service_id"],
                    "generation": params["generation"],
                    "digest": params["digest"],
                    "ok": not self.refuses,
                    "detail": self.refuses,
                    "operating_status": report["operating_status"],
                }
            )

    def die(self, service_id: str, *, cure: str) -> None:
        """What serves the service ends, until `cure` is asked for."""
        self.cures[service_id] = cure
        self.services[service_id]["operating_status"] = "DEAD"

    def do_restart(self, params: Any) -> Any:
        self.restarts.append(params["operation_id"])
        if self.late:
            raise TransientError(AGENT_TIMEOUT, "No answer in time.")
        self._may_mend(params["service_id"], "restart")
        return {"restarted": True}

    def _may_mend(self, service_id: str, method: str) -> None:
        if self.cures.get(service_id, method) == method:
            self.services[service_id]["operating_status"] = "ONLINE"
            self.cures.pop(service_id, None)

    def do_remove(self, params: Any) -> Any:
        self.services.pop(params["service_id"], None)
        return {}
