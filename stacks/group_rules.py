"""What settings of the Auto Scaling group may not be together, one rule a function."""

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from budgets.instance_types import architecture
from budgets.problems import Problem
from stacks import cron
from stacks.sections import Settings


def the_largest_group_is_not_smaller_than_the_smallest(settings: Settings) -> Iterator[Problem]:
    """Auto Scaling refuses it."""
    servers = settings.app_servers
    if servers.max_size < servers.min_size:
        yield Problem(
            setting="app_servers.max_size",
            value=servers.max_size,
            reason=f"it is below app_servers.min_size, {servers.min_size}",
            remedy=f"Set it to {servers.min_size} or more",
            accepted=servers.min_size,
        )


def a_schedule_stays_within_the_group(settings: Settings) -> Iterator[Problem]:
    """The budgets count with `max_size`; Auto Scaling refuses a maximum below its minimum."""
    largest = settings.app_servers.max_size
    for index, schedule in enumerate(settings.app_servers.schedules):
        setting = f"app_servers.schedules.{index}"
        if schedule.max_size > largest:
            yield Problem(
                setting=f"{setting}.max_size",
                value=schedule.max_size,
                reason=f"the budgets count with app_servers.max_size, {largest}, at most",
                remedy=f"Set it to {largest} or less, or raise app_servers.max_size",
                accepted=largest,
            )
        most = min(schedule.max_size, largest)
        if schedule.min_size > most:
            yield Problem(
                setting=f"{setting}.min_size",
                value=schedule.min_size,
                reason="it is above the largest size that the group may have then",
                remedy=f"Set it to {most} or less",
                accepted=most,
            )


def a_schedule_has_a_time(settings: Settings) -> Iterator[Problem]:
    """As PutScheduledUpdateGroupAction takes it: cron of five fields, the name of an IANA time zone."""
    for index, schedule in enumerate(settings.app_servers.schedules):
        setting = f"app_servers.schedules.{index}"
        if reason := cron.problem(schedule.recurrence):
            yield Problem(
                setting=f"{setting}.recurrence",
                value=schedule.recurrence,
                reason=reason,
                remedy="Set it to minute, hour, day of month, month and day of week, such as 0 7 * * MON-FRI",
            )
        if not is_time_zone(schedule.time_zone):
            yield Problem(
                setting=f"{setting}.time_zone",
                value=schedule.time_zone,
                reason="there is no such time zone",
                remedy="Set it to a name such as Europe/Berlin",
            )


def is_time_zone(name: str) -> bool:
    """Whether the IANA database has it."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return False
    return True


def schedules_have_names_of_their_own(settings: Settings) -> Iterator[Problem]:
    """A second action of a name replaces the first."""
    names = [schedule.name for schedule in settings.app_servers.schedules]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(
                setting=f"app_servers.schedules.{index}.name",
                value=name,
                reason="another schedule has this name",
                remedy="Choose another",
            )


def a_warm_pool_has_no_spot(settings: Settings) -> Iterator[Problem]:
    """A pool's servers are stopped, which a group's Spot Instances, one-time requests, can't be."""
    servers = settings.app_servers
    if servers.warm_pool_size > 0 and servers.has_spot:
        yield Problem(
            setting="app_servers.warm_pool_size",
            value=servers.warm_pool_size,
            reason="Auto Scaling keeps no warm pool for a group with Spot Instances "
            f"(app_servers.on_demand_percentage is {servers.on_demand_percentage})",
            remedy="Set it to 0, or app_servers.on_demand_percentage to 100",
            accepted=0,
        )


def a_warm_pool_can_be_used(settings: Settings) -> Iterator[Problem]:
    """The group takes no more of its servers than it may grow by."""
    servers = settings.app_servers
    growth = max(0, servers.max_size - servers.min_size)
    if servers.warm_pool_size > growth:
        yield Problem(
            setting="app_servers.warm_pool_size",
            value=servers.warm_pool_size,
            reason=f"the group grows by {growth} servers at most, from app_servers.min_size to max_size",
            remedy=f"Set it to {growth} or less",
            accepted=growth,
        )


def one_image_runs_on_every_instance_type(settings: Settings) -> Iterator[Problem]:
    """An image is for one processor architecture, and so are the release's native dependencies."""
    types = settings.app_servers.instance_types
    wanted = architecture(types[0])
    fitting = [one for one in types if architecture(one) == wanted]
    if fitting != types:
        yield Problem(
            setting="app_servers.instance_types",
            value=types,
            reason="one image can't run on both arm64 and x86_64",
            remedy=f"Set it to {fitting}",
            accepted=fitting,
        )


GROUP_RULES: tuple[Callable[[Settings], Iterator[Problem]], ...] = (
    the_largest_group_is_not_smaller_than_the_smallest,
    a_schedule_stays_within_the_group,
    a_schedule_has_a_time,
    schedules_have_names_of_their_own,
    a_warm_pool_has_no_spot,
    a_warm_pool_can_be_used,
    one_image_runs_on_every_instance_type,
)
