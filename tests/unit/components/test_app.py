"""What the app is told besides addresses and secrets."""

from typing import Any

from components.app import environment
from stacks.settings import parse


def told(**sections: Any) -> dict[str, str]:
    """The app's variables in a stack with these settings."""
    settings = parse(sections)
    return environment(
        settings.app,
        settings.timeline,
        settings.connections,
        https=settings.load_balancer.https,
        metrics_namespace="evenkeel-prod",
    )


def test_the_app_is_told_its_budgets() -> None:
    """In milliseconds, and the kit's own variables over a stack's."""
    assert told(app={"environment": {"LEVEL": "info"}}) == {
        "LEVEL": "info",
        "NODE_ENV": "production",
        "METRICS_NAMESPACE": "evenkeel-prod",
        "WEB_CONCURRENCY": "max",
        "DATABASE_POOL_SIZE": "10",
        "COOKIE_SECURE": "false",
        "DRAIN_TIMEOUT_MS": "1000",
        "KILL_TIMEOUT_MS": "5000",
        "LISTEN_TIMEOUT_MS": "98000",
        "KEEP_ALIVE_TIMEOUT_MS": "65000",
    }


def test_cookies_are_secure_behind_tls() -> None:
    """A browser would not send them otherwise."""
    balancer = {"domain": "app.example.com", "hosted_zone_id": "Z1"}
    assert told(load_balancer=balancer)["COOKIE_SECURE"] == "true"
