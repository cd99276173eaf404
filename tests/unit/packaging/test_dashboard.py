"""What the Horizon plugin has of the service is what the service says."""

from tools.dashboard import policies


def test_the_dashboard_has_the_rules_that_the_service_has() -> None:
    path = policies.CONF / "default_policies" / "servicevm.yaml"
    again = "run python -m tools.dashboard.policies"
    assert path.read_text() == policies.text(), again
