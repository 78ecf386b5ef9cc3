"""Settings of the Auto Scaling group that runs the app."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from budgets.times import ALL_ON_DEMAND
from components.values import Seconds, Section, Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """The group's sizes from each time on that `recurrence` names."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    recurrence: Text
    """A cron expression of five fields."""
    time_zone: Text = "UTC"
    """IANA's name of it."""
    min_size: Annotated[int, Field(ge=1)]
    max_size: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class AppServersSettings:
    """The Auto Scaling group that runs the app."""

    instance_types: Annotated[list[Text], Field(min_length=1)] = field(
        default_factory=lambda: ["m7i.large", "m6i.large", "m7a.large"]
    )
    """The first that is available is launched. A change of all but the first type, and of the two settings of
    Spot, holds for servers that are launched from then on: it replaces none."""
    on_demand_base: Annotated[int, Field(ge=0)] = 0
    """How many servers are On-Demand in any case."""
    on_demand_percentage: Annotated[int, Field(ge=0, le=100)] = ALL_ON_DEMAND
    """How much of what is above on_demand_base is On-Demand. The rest are Spot Instances: cheaper, and taken
    back with two minutes' notice, into which the whole shutdown has to fit."""
    min_size: Annotated[int, Field(ge=1)] = 3
    """The fewest servers that the group has."""
    max_size: Annotated[int, Field(ge=1)] = 9
    """The most servers that the group has. The database's connections must suffice for all of them."""
    schedules: list[Section[Schedule]] = field(default_factory=list)
    """Other sizes from certain times on, each with a name, a cron expression (minute, hour, day of month,
    month, day of week), a time zone (UTC unless set) and both sizes; max_size stays the highest. With a
    schedule, min_size and max_size count for the group's creation only: `pulumi up` leaves the sizes of the
    hour alone, whatever `pulumi refresh` has seen. After the last schedule is taken out, `pulumi refresh` and
    `pulumi up` bring these two back.

        - {name: morning, recurrence: "0 7 * * MON-FRI", time_zone: Europe/Berlin, min_size: 6, max_size: 9}
        - {name: evening, recurrence: "0 20 * * *", time_zone: Europe/Berlin, min_size: 3, max_size: 9}
    """
    warm_pool_size: Annotated[int, Field(ge=0)] = 0
    """Servers that have booted once and are kept stopped: scaling out takes them first. Not with Spot."""
    max_healthy_percentage: Annotated[int, Field(ge=101, le=200)] = 150
    """A rollout starts new servers before it ends old ones, up to this percentage of the group. 101 to
    200."""
    start_time: Annotated[int, Field(ge=60)] = 300
    """From launch to the first good /readyz, at most; a third of it is the boot test's, a third PM2's. 60 or
    more."""
    instance_warmup: Seconds = 60
    """From then until a server counts as part of the group, in rollouts and in scaling. 15 or more: the
    load balancer needs 15 s to detect an unhealthy server."""
    bake_time: Annotated[int, Field(ge=0, le=172_800)] = 120
    """How long a rollout still watches its alarms when all servers are replaced, before it counts as done. An
    alarm needs two minutes: with less, none has watched the last servers. Up to 172800; see smoke.session."""
    target_cpu: Annotated[int, Field(ge=1, le=100)] = 70
    """Percent of CPU above which the group grows."""
    target_requests: Annotated[int, Field(ge=1)] = 200
    """Requests per second and server above which the group grows."""
    image_id: Annotated[str, Field(pattern=r"^ami-[0-9a-f]+$")] | None = None
    """Pins the machine image; otherwise each deployment takes the newest Amazon Linux 2023."""

    @property
    def sizes(self) -> range:
        """All that the group may have, at any hour."""
        smallest = min([self.min_size, *(schedule.min_size for schedule in self.schedules)])
        return range(smallest, self.max_size + 1)

    @property
    def has_spot(self) -> bool:
        """Whether some servers are Spot Instances."""
        return self.on_demand_percentage < ALL_ON_DEMAND
