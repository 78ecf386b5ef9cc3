"""A server's life as ordered steps: how long each may take, what that comes from, where it is written.

Pure. Times are seconds.
"""

from dataclasses import dataclass

from budgets.times import (
    CLOSING,
    HOOK_MARGIN,
    IDLE_CLOSE,
    KEEP_ALIVE_MARGIN,
    MARGIN,
    MIN_TERMINATING_HEARTBEAT,
    PM2_EXIT,
    SHARES,
    SPOT_MARGIN,
    SPOT_NOTICE,
)
from stacks.sections import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineStep:
    """One time-out, from when it counts; with a larger `depth` it lies within the one before."""

    name: str
    begins: int
    seconds: int
    comes_from: str
    written_to: str = ""
    depth: int = 0

    @property
    def ends(self) -> int:
        """Seconds, on the clock of `begins`."""
        return self.begins + self.seconds


def start(settings: Settings) -> list[TimelineStep]:
    """From the launch to a member of the group that counts."""
    times = settings.timeline
    check = times.health_check
    fetch = times.start_time - times.boot_test_timeout - times.kill_timeout - times.listen_timeout
    exits = fetch + times.boot_test_timeout
    steps = [
        TimelineStep(
            name="launching heartbeat",
            begins=0,
            seconds=times.launching_heartbeat,
            comes_from=f"start_time + {HOOK_MARGIN}",
            written_to="launching hook",
        ),
        TimelineStep(
            name="start_time",
            begins=0,
            seconds=times.start_time,
            comes_from="app_servers.start_time",
            written_to="boot.env",
        ),
        TimelineStep(
            name="install, fetch", begins=0, seconds=fetch, comes_from="what the others leave", depth=1
        ),
        TimelineStep(
            name="boot test",
            begins=fetch,
            seconds=times.boot_test_timeout,
            comes_from=f"(start_time - kill_timeout) / {SHARES}",
            written_to="boot.env",
            depth=1,
        ),
        TimelineStep(
            name="its exit", begins=exits, seconds=times.kill_timeout, comes_from="kill_timeout", depth=1
        ),
        TimelineStep(
            name="listen_timeout",
            begins=exits + times.kill_timeout,
            seconds=times.listen_timeout,
            comes_from="as the boot test",
            written_to="app.env, for PM2",
            depth=1,
        ),
        TimelineStep(
            name="time to healthy",
            begins=times.start_time,
            seconds=check.time_to_healthy,
            comes_from=f"{check.healthy_threshold} checks, {check.interval} s apart",
            written_to="target group",
        ),
        TimelineStep(
            name="instance warm-up",
            begins=times.start_time,
            seconds=times.instance_warmup,
            comes_from="app_servers.instance_warmup",
            written_to="group",
        ),
        TimelineStep(
            name="grace period",
            begins=times.start_time,
            seconds=times.health_check_grace_period,
            comes_from=f"time to healthy + {HOOK_MARGIN}",
            written_to="group",
        ),
    ]
    if times.bake_time > 0:
        steps.append(
            TimelineStep(
                name="bake time",
                begins=times.start_time + times.instance_warmup,
                seconds=times.bake_time,
                comes_from="app_servers.bake_time",
                written_to="instance refresh",
            )
        )
    return steps


def shutdown(settings: Settings) -> list[TimelineStep]:
    """From the group's decision that a server has to go, or Spot's notice, to its end."""
    times = settings.timeline
    has_spot = settings.app_servers.has_spot
    begins = SPOT_MARGIN if has_spot else 0
    stops = begins + times.drained_within
    rounds = (times.stop_timeout - PM2_EXIT) // times.kill_timeout
    notice = [
        TimelineStep(name="Spot's notice", begins=0, seconds=SPOT_NOTICE, comes_from="EC2"),
        TimelineStep(
            name="seen and told", begins=0, seconds=SPOT_MARGIN, comes_from="lifecycle.service", depth=1
        ),
    ]
    return [
        *(notice if has_spot else []),
        TimelineStep(
            name="deregistration delay",
            begins=begins,
            seconds=times.deregistration_delay,
            comes_from=f"the longer of longest_request and systemd's stop, + {MARGIN}",
            written_to="target group",
        ),
        TimelineStep(
            name="longest request",
            begins=begins,
            seconds=settings.app.longest_request,
            comes_from="app.longest_request",
            depth=1,
        ),
        TimelineStep(
            name="drained within",
            begins=begins,
            seconds=times.drained_within,
            comes_from=f"deregistration delay + {MARGIN}",
            written_to="boot.env",
        ),
        TimelineStep(
            name="terminating heartbeat",
            begins=begins,
            seconds=times.terminating_heartbeat,
            comes_from=f"drained within + systemd's stop + {HOOK_MARGIN}, "
            f"at least {MIN_TERMINATING_HEARTBEAT}",
            written_to="terminating hook",
        ),
        TimelineStep(
            name="systemd's stop",
            begins=stops,
            seconds=times.stop_timeout,
            comes_from=f"{rounds} x kill_timeout + {PM2_EXIT} for PM2's exit: "
            f"{times.pm2_concurrent_actions} of {settings.workers + settings.background} processes at a time",
            written_to="app.service",
            depth=1,
        ),
        TimelineStep(
            name="kill_timeout",
            begins=stops,
            seconds=times.kill_timeout,
            comes_from=f"{IDLE_CLOSE} for idle connections + drain + {CLOSING} to close",
            written_to="app.env, for PM2",
            depth=2,
        ),
        TimelineStep(
            name="drain",
            begins=stops + IDLE_CLOSE,
            seconds=times.drain_timeout,
            comes_from="app.drain",
            written_to="app.env",
            depth=3,
        ),
    ]


def idle(settings: Settings) -> list[TimelineStep]:
    """From a connection's last byte until it is closed: by the balancer, not under the next request."""
    times = settings.timeline
    return [
        TimelineStep(
            name="idle time-out",
            begins=0,
            seconds=times.idle_timeout,
            comes_from="load_balancer.idle_timeout",
            written_to="load balancer",
        ),
        TimelineStep(
            name="Node's keep-alive",
            begins=0,
            seconds=times.keep_alive_timeout,
            comes_from=f"idle time-out + {KEEP_ALIVE_MARGIN}",
            written_to="app.env",
        ),
    ]
