"""A stack's settings: those of each component, and the budgets that follow from them together.

Each component documents its own, beside it; `reference.yaml` is made of that. Defaults are what production
wants; a stack file relaxes by name what it can do without. What two settings may not be together is in
`rules.py`.
"""

from datetime import date
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

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


class Settings(BaseModel):
    """All settings of a stack, and the budgets that follow from them. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    aws: Section[CloudSettings] = CloudSettings()
    network: Section[NetworkSettings] = NetworkSettings()
    load_balancer: Section[LoadBalancerSettings] = LoadBalancerSettings()
    app: Section[AppSettings] = AppSettings()
    app_servers: Section[AppServersSettings] = AppServersSettings()
    redis: Section[RedisSettings] = RedisSettings()
    database: Section[DatabaseSettings] = DatabaseSettings()
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
        parts = (self.load_balancer, self.redis, self.database)
        return any(part.deletion_protection for part in parts)

    @property
    def protects_data(self) -> bool:
        """Whether something that the stack's key encrypts is protected, and with it the key."""
        stores = (self.database, self.redis)
        return any(store.deletion_protection for store in stores) or not self.buckets.force_destroy

    @property
    def outlived(self) -> bool:
        """Whether something that the stack's key encrypts outlives the stack, for which the key is kept."""
        return self.protects_data or self.database.final_snapshot or self.redis.final_snapshot

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

    @cached_property
    def timeline(self) -> budgets.Timeline:
        """A server's start and shutdown; raises `DoesNotFit`."""
        return budgets.timeline(
            longest_request=self.app.longest_request,
            drain=self.app.drain,
            workers=self.workers,
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
        """To Postgres and Redis; raises `DoesNotFit`."""
        max_connections = self.database.parameters.get("max_connections")
        return budgets.connections(
            instance_class=self.database.instance_class,
            max_connections=None if max_connections is None else int(max_connections),
            min_size=self.app_servers.min_size,
            max_size=self.app_servers.max_size,
            max_healthy_percentage=self.app_servers.max_healthy_percentage,
            workers=self.workers,
            warm_pool_size=self.app_servers.warm_pool_size,
        )

    @cached_property
    def open_files(self) -> int:
        """Of one process, at most; raises `DoesNotFit`."""
        return budgets.open_files(
            target_requests=self.app_servers.target_requests,
            keep_alive_timeout=self.timeline.keep_alive_timeout,
        )
