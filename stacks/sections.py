"""A stack's settings: those of each component, and the budgets that follow from them together.

Each component documents its own, beside it; `reference.yaml` is made of that. Defaults are what production
wants; a stack file relaxes by name what it can do without. What two settings may not be together is in
`rules.py`.
"""

from datetime import date
from functools import cached_property
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

import budgets
from budgets.capacity import workers
from components.app import AppSettings
from components.bucket import BucketsSettings
from components.cloud import CloudSettings
from components.database import DatabaseSettings
from components.load_balancer import LoadBalancerSettings
from components.migrations import MigrationsSettings
from components.monitoring import MonitoringSettings
from components.network import NetworkSettings
from components.redis_store import RedisSettings
from components.rollout.smoke import SmokeSettings
from components.secrets import SecretsSettings
from components.server_settings import AppServersSettings
from components.values import Section, Text, Value

T = TypeVar("T")
NONE = "none"
"""What a stack's file says in place of a section whose part the stack does without."""


def said(section: Any) -> Any:
    """None for `none`. An empty section says nothing, and must not take away a store."""
    if section is None:
        raise PydanticCustomError("empty_section", "it is empty: write settings below it, or `none`")
    return None if section == NONE else section


OptionalSection = Annotated[Section[T] | None, BeforeValidator(said)]
"""A group of settings, or `none`."""


class Settings(BaseModel):
    """All settings of a stack, and the budgets that follow from them. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    aws: Section[CloudSettings] = CloudSettings()
    network: Section[NetworkSettings] = NetworkSettings()
    load_balancer: Section[LoadBalancerSettings] = LoadBalancerSettings()
    app: Section[AppSettings] = AppSettings()
    app_servers: Section[AppServersSettings] = AppServersSettings()
    redis: OptionalSection[RedisSettings] = RedisSettings()
    database: OptionalSection[DatabaseSettings] = DatabaseSettings()
    buckets: Section[BucketsSettings] = BucketsSettings()
    secrets: Section[SecretsSettings] = SecretsSettings()
    migrations: Section[MigrationsSettings] = MigrationsSettings()
    smoke: Section[SmokeSettings] = SmokeSettings()
    monitoring: Section[MonitoringSettings] = MonitoringSettings()
    allow_replacement: dict[Text, Annotated[date, Field(strict=False)]] = {}
    """Settings whose change replaces or deletes something that holds data are refused. A setting that is
    named here, with a day (UTC), may do so on that day: {"redis.port": "2026-12-01"}. What is protected has
    to be unprotected before."""
    tags: dict[Text, Value] = {}
    """More tags for every resource."""

    @property
    def protected(self) -> bool:
        """Whether something in the stack is worth protecting: then it is production."""
        return self.load_balancer.deletion_protection or self._protects_a_store

    @property
    def protects_data(self) -> bool:
        """Whether something that the stack's key encrypts is protected, and with it the key."""
        return self._protects_a_store or not self.buckets.force_destroy

    @property
    def outlived(self) -> bool:
        """Whether something that the stack's key encrypts outlives the stack, for which the key is kept."""
        return self.protects_data or any(store.final_snapshot for store in self.stores)

    @property
    def stores(self) -> tuple[DatabaseSettings | RedisSettings, ...]:
        """Of those that the stack makes."""
        redis = () if self.redis is None else (self.redis,)
        return redis if self.own_database is None else (self.own_database, *redis)

    @property
    def own_database(self) -> DatabaseSettings | None:
        """The database that the stack makes; None where it has none, or uses one that exists."""
        return None if self.database is None or self.database.existing else self.database

    @property
    def _protects_a_store(self) -> bool:
        return any(store.deletion_protection for store in self.stores)

    @property
    def name_leads_to_balancer(self) -> bool:
        """Whether the app's name does: the records of a rehearsal are in no DNS."""
        balancer = self.load_balancer
        return balancer.domain is None or (balancer.published and not self.aws.rehearsed)

    @cached_property
    def workers(self) -> int:
        """Workers of one server that serve, at most; raises `DoesNotFit`."""
        if self.app.workers == "max":
            return max(workers(instance_type) for instance_type in self.app_servers.instance_types)
        return self.app.workers

    @property
    def background(self) -> int:
        """Processes of one server that do not serve: the app's, and the one that starts its jobs."""
        return self.app.background + (self.app.jobs > 0)

    @cached_property
    def timeline(self) -> budgets.Timeline:
        """A server's start and shutdown; raises `DoesNotFit`."""
        return budgets.timeline(
            longest_request=self.app.longest_request,
            drain=self.app.drain,
            workers=self.workers,
            background=self.background,
            idle_timeout=self.load_balancer.idle_timeout,
            start_time=self.app_servers.start_time,
            instance_warmup=self.app_servers.instance_warmup,
            bake_time=self.app_servers.bake_time,
            on_demand_percentage=self.app_servers.on_demand_percentage,
        )

    @property
    def rollout_timeout(self) -> int:
        """Seconds that replacing all servers may take, and rolling them back again."""
        return budgets.rollout_timeout(
            self.timeline,
            sizes=self.app_servers.sizes,
            max_healthy_percentage=self.app_servers.max_healthy_percentage,
            warm_pool_size=self.app_servers.warm_pool_size,
        )

    @cached_property
    def connections(self) -> budgets.Connections:
        """To Postgres and Redis, as far as there are any; raises `DoesNotFit`."""
        database = self.database
        max_connections = None if database is None else database.parameters.get("max_connections")
        return budgets.connections(
            instance_class=None if database is None else database.instance_class,
            max_connections=None if max_connections is None else int(max_connections),
            has_redis=self.redis is not None,
            min_size=self.app_servers.min_size,
            max_size=self.app_servers.max_size,
            max_healthy_percentage=self.app_servers.max_healthy_percentage,
            workers=self.workers,
            background=self.app.background,
            jobs=self.app.jobs,
            warm_pool_size=self.app_servers.warm_pool_size,
        )

    @cached_property
    def open_files(self) -> int:
        """Of one process, at most; raises `DoesNotFit`."""
        return budgets.open_files(
            target_requests=self.app_servers.target_requests,
            keep_alive_timeout=self.timeline.keep_alive_timeout,
        )
