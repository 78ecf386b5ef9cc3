"""Asks the app through its load balancer whether it is the release that was deployed."""

import time
import urllib.request

import pulumi

from components.gate import GateClosed

POLL = 2.0
"""Seconds until a wrong answer is asked for again."""
ANSWERS = 10
"""In a row have to be right: the balancer goes round the servers."""
TIMEOUT = 180
"""Seconds for a new name to be known in DNS, and the last old server to be out of rotation."""
REQUEST_TIMEOUT = 10


def verify(*, release: str, url: str) -> None:
    """The `verified` gate's check: the app answers through the balancer, each time with this release."""
    deadline = time.monotonic() + TIMEOUT
    right = 0
    while right < ANSWERS:
        problem = smoke(url, release)
        right = 0 if problem else right + 1
        if problem and time.monotonic() > deadline:
            raise GateClosed(
                f"The app does not answer as it should: {problem}. Mend it and run `pulumi up` again."
            )
        if problem:
            pulumi.log.info(f"waiting: {problem}", ephemeral=True)
            time.sleep(POLL)
    pulumi.log.info(f"{url} answers with release {release[:12]}")


def smoke(url: str, release: str) -> str | None:
    """What is wrong with the app's answers; None when nothing is."""
    for path in ("/readyz", "/healthz"):
        try:
            with urllib.request.urlopen(url + path, timeout=REQUEST_TIMEOUT) as answer:
                body = answer.read().decode(errors="replace")
        except OSError as error:
            return f"GET {url}{path}: {error}"
    if release not in body:
        shown = body[:200]
        return f"GET {url}/healthz does not show release {release} (environment variable RELEASE): {shown}"
    return None
