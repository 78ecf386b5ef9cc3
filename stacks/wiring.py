"""Which setting goes to which part of the stack, and what goes from part to part.

Makes nothing: each method returns the arguments of the component it is named after.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pulumi

import budgets
from components import naming
from components.alarms import alarms
from components.app_secrets import AppSecrets, app_secrets, existing_secret
from components.app_servers import AppServers, AppServersArgs
from components.bucket import Bucket, BucketArgs, Writer
from components.cloud import Cloud, CloudArgs
from components.database import Database, DatabaseArgs
from components.encryption import EncryptionKey, EncryptionKeyArgs
from components.gates.aws_api import AwsApi
from components.load_balancer import HTTPS, LoadBalancer, LoadBalancerArgs
from components.migrations import Migrations, MigrationsArgs
from components.mixed_instances import MixedInstances
from components.monitoring import Monitoring, MonitoringArgs
from components.network import Network, NetworkArgs
from components.redis_store import RedisStore, RedisStoreArgs
from components.release import Release, ReleaseArgs
from components.rollout.component import RolloutArgs
from components.rollout.drive import Replacement
from components.rollout.session import CheckSession
from components.rollout.smoke import Smoke
from components.scaling import ScalingArgs, Scheduled
from components.secret_arn import SecretArn
from components.secrets import Secret, SecretArgs
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from components.server_template import Backends, ReleaseLocation, ServerTemplate, ServerTemplateArgs
from stacks import answering
from stacks.sections import Settings

BALANCER_LOGS = "balancer"
RELEASES_KEPT_DAYS = 90
"""Replaced or deleted releases can be had back for so long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wiring:
    """A stack's name and settings."""

    project: str
    stack: str
    settings: Settings

    @property
    def name(self) -> str:
        return naming.prefix(self.project, self.stack)

    @property
    def gates(self) -> dict[str, str]:
        """The SSM parameters that record what the stack is at."""
        return {gate: f"{self._parameters}/{gate}" for gate in ("schema", "release", "verified")}

    @property
    def _parameters(self) -> str:
        return f"/{self.project}/{self.stack}"

    @property
    def _tags(self) -> dict[str, str]:
        return naming.default_tags(self.project, self.stack, self.settings.tags)

    @property
    def _name_leads_there(self) -> bool:
        """Whether the app's name leads to the balancer: the records of a rehearsal are in no DNS."""
        balancer = self.settings.load_balancer
        return balancer.domain is None or (balancer.published and not self.settings.aws.rehearsed)

    @property
    def _api(self) -> AwsApi:
        return AwsApi(region=self.settings.aws.region, endpoint=self.settings.aws.endpoint)

    @property
    def _group(self) -> str:
        return f"{self.name}-app"

    def cloud(self) -> CloudArgs:
        return CloudArgs(
            region=self.settings.aws.region,
            endpoint=self.settings.aws.endpoint,
            tags=self._tags,
            zones=self.settings.network.zones,
            image_id=self.settings.app_servers.image_id,
            instance_type=self.settings.app_servers.instance_types[0],
        )

    def key(self, cloud: Cloud) -> EncryptionKeyArgs:
        database, redis = self.settings.database, self.settings.redis
        protected = (
            database.deletion_protection
            or redis.deletion_protection
            or not self.settings.buckets.force_destroy
        )
        return EncryptionKeyArgs(
            account_id=cloud.account_id,
            region=self.settings.aws.region,
            protected=protected,
            retained=protected or database.final_snapshot or redis.final_snapshot,
        )

    def network(self, cloud: Cloud, key: EncryptionKey) -> NetworkArgs:
        return NetworkArgs(
            cidr=self.settings.network.cidr,
            zones=cloud.zones,
            nat=self.settings.network.nat,
            flow_log=self.settings.network.flow_log,
            region=self.settings.aws.region,
            kms_key_arn=key.arn,
            log_retention_days=self.settings.monitoring.log_retention_days,
            account_id=cloud.account_id,
        )

    def security_groups(self, network: Network) -> SecurityGroupsArgs:
        http = self.settings.load_balancer.http_port
        return SecurityGroupsArgs(
            vpc_id=network.vpc_id,
            balancer_ports=(http, HTTPS) if self.settings.load_balancer.https else (http,),
            app_port=self.settings.app.port,
            database_port=self.settings.database.port,
            redis_port=self.settings.redis.port,
        )

    def logs(self, cloud: Cloud) -> BucketArgs:
        """Log delivery can't use a key of ours; a balancer's names its account in the path only."""
        balancer = self.settings.load_balancer
        return BucketArgs(
            keep_versions_days=1,
            expire_days=balancer.access_log_retention_days,
            writers=[
                Writer(
                    service="logdelivery.elasticloadbalancing.amazonaws.com",
                    prefix=pulumi.Output.concat(BALANCER_LOGS, "/AWSLogs/", cloud.account_id),
                ),
                Writer(service="logging.s3.amazonaws.com", prefix="s3", source_account=cloud.account_id),
            ],
            force_destroy=self.settings.buckets.force_destroy,
        )

    def artifacts(self, key: EncryptionKey, logs: Bucket) -> BucketArgs:
        """Releases of the app and bundles of migrations."""
        return BucketArgs(
            keep_versions_days=RELEASES_KEPT_DAYS,
            kms_key_arn=key.arn,
            log_bucket=logs.bucket,
            force_destroy=self.settings.buckets.force_destroy,
        )

    def load_balancer(self, network: Network, groups: SecurityGroups, logs: Bucket) -> LoadBalancerArgs:
        balancer = self.settings.load_balancer
        return LoadBalancerArgs(
            vpc_id=network.vpc_id,
            subnet_ids=network.public_subnet_ids,
            security_group_id=groups.balancer,
            http_port=balancer.http_port,
            app_port=self.settings.app.port,
            timeline=self.settings.timeline,
            access_log_bucket=logs.bucket,
            access_log_prefix=BALANCER_LOGS,
            deletion_protection=balancer.deletion_protection,
            certificate_arn=balancer.certificate_arn,
            domain=balancer.domain,
            hosted_zone_id=balancer.hosted_zone_id,
            api=self._api,
        )

    def database(
        self, cloud: Cloud, network: Network, groups: SecurityGroups, key: EncryptionKey
    ) -> DatabaseArgs:
        database = self.settings.database
        return DatabaseArgs(
            subnet_ids=network.data_subnet_ids,
            security_group_id=groups.database,
            kms_key_arn=key.arn,
            engine_version=database.engine_version,
            instance_class=database.instance_class,
            allocated_storage=database.allocated_storage,
            max_allocated_storage=database.max_allocated_storage,
            multi_az=database.multi_az,
            port=database.port,
            database_name=database.name,
            admin_user=database.admin_user,
            backup_retention_days=database.backup_retention_days,
            deletion_protection=database.deletion_protection,
            final_snapshot=database.final_snapshot,
            restore_from_snapshot=database.restore_from_snapshot,
            apply_immediately=database.apply_immediately,
            parameters=database.parameters,
            log_retention_days=self.settings.monitoring.log_retention_days,
            secret_recovery_days=self.settings.secrets.recovery_days,
            account_id=cloud.account_id,
        )

    def sessions(self, network: Network, groups: SecurityGroups, key: EncryptionKey) -> RedisStoreArgs:
        args = self._redis("Sessions and queues", "noeviction", network, groups, key)
        return replace(args, final_snapshot=self.settings.redis.final_snapshot)

    def cache(self, network: Network, groups: SecurityGroups, key: EncryptionKey) -> RedisStoreArgs:
        return self._redis("Cache", "allkeys-lru", network, groups, key)

    def _redis(
        self,
        description: str,
        maxmemory_policy: Literal["noeviction", "allkeys-lru"],
        network: Network,
        groups: SecurityGroups,
        key: EncryptionKey,
    ) -> RedisStoreArgs:
        redis = self.settings.redis
        return RedisStoreArgs(
            description=description,
            subnet_ids=network.data_subnet_ids,
            security_group_id=groups.redis,
            kms_key_arn=key.arn,
            node_type=redis.node_type,
            replicas=redis.replicas,
            port=redis.port,
            maxmemory_policy=maxmemory_policy,
            snapshot_retention_days=redis.snapshot_retention_days,
            deletion_protection=redis.deletion_protection,
            final_snapshot=False,
            apply_immediately=redis.apply_immediately,
            secret_recovery_days=self.settings.secrets.recovery_days,
        )

    def session_secret(self, value: pulumi.Output[str], key: EncryptionKey) -> SecretArgs:
        return self._secret("Signs session cookies", value, key)

    def own_secrets(self, key: EncryptionKey) -> SecretArgs | None:
        """The Pulumi secrets of app.secrets, in one JSON secret."""
        if not self.settings.app.own_secrets:
            return None
        value = pulumi.Output.secret(self.settings.app.secret_string)
        return self._secret("Secrets of the app: evenkeel:app.secrets", value, key)

    def _secret(self, description: str, value: pulumi.Output[str], key: EncryptionKey) -> SecretArgs:
        return SecretArgs(
            description=description,
            value=value,
            kms_key_arn=key.arn,
            recovery_window_in_days=self.settings.secrets.recovery_days,
        )

    def app_secrets(self, kit: Mapping[str, Secret], own: Secret | None, cloud: Cloud) -> AppSecrets:
        return app_secrets(
            kit=kit,
            own=own,
            names=self.settings.app.own_secrets,
            existing=[
                existing_secret(name, arn, cloud.provider)
                for name, secret in self.settings.app.secrets.items()
                if isinstance(secret, str) and (arn := SecretArn.parse(secret))
            ],
        )

    def migrations(
        self,
        cloud: Cloud,
        network: Network,
        groups: SecurityGroups,
        database: Database,
        bucket: Bucket,
        key: EncryptionKey,
    ) -> MigrationsArgs:
        return MigrationsArgs(
            parameter_name=self.gates["schema"],
            folder=Path(self.settings.migrations.path),
            bucket=bucket.bucket,
            bucket_arn=bucket.arn,
            database=database,
            subnet_ids=network.app_subnet_ids,
            security_group_id=groups.migrations,
            kms_key_arn=key.arn,
            ca_bundle_url=self.settings.aws.ca_bundle,
            lock_timeout=self.settings.migrations.lock_timeout,
            wait_for_transactions=self.settings.migrations.wait_for_transactions,
            maintenance_work_mem=self.settings.migrations.maintenance_work_mem,
            parallel_workers=self.settings.migrations.parallel_workers,
            timeout=self.settings.migrations.timeout,
            image=self.settings.migrations.image,
            log_retention_days=self.settings.monitoring.log_retention_days,
            account_id=cloud.account_id,
            api=self._api,
        )

    def release(self, bucket: Bucket) -> ReleaseArgs:
        return ReleaseArgs(
            app=Path(self.settings.app.path),
            bucket=bucket.bucket,
            servers=answering.servers(self.settings),
        )

    def monitoring(
        self,
        balancer: LoadBalancer,
        database: Database,
        sessions: RedisStore,
        cache: RedisStore,
        template: ServerTemplate,
        key: EncryptionKey,
    ) -> MonitoringArgs:
        stores = [sessions] if cache is sessions else [sessions, cache]
        in_front = {"LoadBalancer": balancer.arn_suffix}
        return MonitoringArgs(
            region=self.settings.aws.region,
            alarms=alarms(
                max_connections=self.settings.connections.max_connections,
                free_storage_gib=max(2, self.settings.database.allocated_storage // 10),
                app_namespace=self.name,
            ),
            watched={
                "balancer": [in_front],
                "target_group": [{**in_front, "TargetGroup": balancer.target_group_arn_suffix}],
                "servers": [{"AutoScalingGroupName": self._group}],
                "database": [{"DBInstanceIdentifier": database.identifier}],
                "redis": [node for store in stores for node in self._nodes(store)],
                "sessions": self._nodes(sessions),
                "app": [{}],
            },
            app_namespace=self.name,
            log_group=template.log_group,
            kms_key_arn=key.arn,
            alarm_email=self.settings.monitoring.alarm_email,
        )

    def _nodes(self, store: RedisStore) -> list[dict[str, pulumi.Input[str]]]:
        """The dimensions of each node's metrics."""
        return [
            {"CacheClusterId": pulumi.Output.format("{0}-{1:03}", store.replication_group_id, node)}
            for node in range(1, self.settings.redis.replicas + 2)
        ]

    def server(
        self,
        cloud: Cloud,
        groups: SecurityGroups,
        release: Release,
        bucket: Bucket,
        backends: Backends,
        secrets: AppSecrets,
        key: EncryptionKey,
    ) -> ServerTemplateArgs:
        return ServerTemplateArgs(
            region=self.settings.aws.region,
            account_id=cloud.account_id,
            auto_scaling_group=self._group,
            security_group_id=groups.app,
            instance_type=self.settings.app_servers.instance_types[0],
            has_spot=self.settings.app_servers.on_demand_percentage < 100,
            image_id=cloud.image_id,
            release=ReleaseLocation(
                bucket=release.bucket,
                key=release.key,
                sha256=release.sha256,
                arn=pulumi.Output.concat(bucket.arn, "/releases/*"),
            ),
            backends=backends,
            port=self.settings.app.port,
            node_major=self.settings.app.node,
            environment=environment(self.settings, metrics_namespace=self.name),
            secrets=secrets,
            timeline=self.settings.timeline,
            open_files=self.settings.open_files,
            kms_key_arn=key.arn,
            log_retention_days=self.settings.monitoring.log_retention_days,
            tags=self._tags,
        )

    def backends(self, database: Database, sessions: RedisStore, cache: RedisStore) -> Backends:
        return Backends(
            database_secret_arn=database.app_secret_arn,
            redis_secret_arn=sessions.secret_arn,
            cache_redis_secret_arn=cache.secret_arn,
            redis_endpoint=sessions.endpoint,
            cache_redis_endpoint=cache.endpoint,
            ca_bundle_url=self.settings.aws.ca_bundle,
        )

    def servers(
        self,
        network: Network,
        balancer: LoadBalancer,
        migrations: Migrations,
        replacement: Replacement,
        smoke: Smoke,
    ) -> AppServersArgs:
        servers = self.settings.app_servers
        return AppServersArgs(
            auto_scaling_group=self._group,
            subnet_ids=network.app_subnet_ids,
            target_group_arn=balancer.target_group_arn,
            min_size=servers.min_size,
            max_size=servers.max_size,
            sized_by_schedules=bool(servers.schedules),
            warm_pool_size=servers.warm_pool_size,
            replacement=replacement,
            smoke=smoke,
            timeline=self.settings.timeline,
            gates=[migrations.gate],
        )

    def scaling(self, servers: AppServers, balancer: LoadBalancer) -> ScalingArgs:
        return ScalingArgs(
            auto_scaling_group=servers.auto_scaling_group,
            balancer_arn_suffix=balancer.arn_suffix,
            target_group_arn_suffix=balancer.target_group_arn_suffix,
            target_cpu=self.settings.app_servers.target_cpu,
            target_requests=self.settings.app_servers.target_requests,
            schedules=[Scheduled(**one.model_dump()) for one in self.settings.app_servers.schedules],
        )

    def replacement(
        self, template: ServerTemplate, balancer: LoadBalancer, monitoring: Monitoring
    ) -> Replacement:
        servers = self.settings.app_servers
        return Replacement(
            auto_scaling_group=self._group,
            instances=MixedInstances(
                launch_template_id=template.launch_template_id,
                launch_template_version=template.version,
                instance_types=servers.instance_types,
                on_demand_base=servers.on_demand_base,
                on_demand_percentage=servers.on_demand_percentage,
            ),
            target_group_arn=balancer.target_group_arn,
            log_group=template.log_group,
            max_healthy_percentage=servers.max_healthy_percentage,
            instance_warmup=servers.instance_warmup,
            bake_time=servers.bake_time,
            rollback_alarms=monitoring.rollback_alarms,
            timeout=budgets.rollout_timeout(
                self.settings.timeline,
                sizes=servers.sizes,
                max_healthy_percentage=servers.max_healthy_percentage,
                warm_pool_size=servers.warm_pool_size,
            ),
            api=self._api,
        )

    def check_account(self, password: pulumi.Output[str], key: EncryptionKey) -> SecretArgs:
        return self._secret("Password of the account that the verified gate logs in with", password, key)

    def check_token(self, value: pulumi.Output[str], key: EncryptionKey) -> SecretArgs:
        return self._secret("Tells the app that a request is the verified gate's check", value, key)

    def smoke(
        self,
        release: Release,
        balancer: LoadBalancer,
        check_account: Secret | None,
        check_token: Secret | None,
    ) -> Smoke:
        session = self.settings.smoke.session
        return Smoke(
            url=balancer.url,
            through=None if self._name_leads_there else balancer.dns_name,
            release=release.sha256,
            paths=self.settings.smoke.paths,
            answers=max(10, 3 * self.settings.app_servers.max_size),
            session=CheckSession(**dict(session), domain=f"{self.name}.invalid") if session else None,
            password_secret_arn=check_account.arn if check_account else None,
            token_secret_arn=check_token.arn if check_token else None,
            api=self._api,
        )

    def rollout(
        self, release: Release, servers: AppServers, replacement: Replacement, smoke: Smoke
    ) -> RolloutArgs:
        return RolloutArgs(
            parameter_prefix=self._parameters,
            release_sha256=release.sha256,
            auto_scaling_group=servers.auto_scaling_group,
            replacement=replacement,
            smoke=smoke,
        )


def environment(settings: Settings, *, metrics_namespace: str) -> dict[str, str]:
    """What the app is told besides addresses and secrets: docs/architecture.md, "The app's environment"."""
    times = settings.timeline
    return {
        **settings.app.environment,
        "NODE_ENV": "production",
        "METRICS_NAMESPACE": metrics_namespace,
        "WEB_CONCURRENCY": str(settings.app.workers),
        "DATABASE_POOL_SIZE": str(settings.connections.pool_size),
        "COOKIE_SECURE": "true" if settings.load_balancer.https else "false",
        "DRAIN_TIMEOUT_MS": str(times.drain_timeout * 1000),
        "KILL_TIMEOUT_MS": str(times.kill_timeout * 1000),
        "LISTEN_TIMEOUT_MS": str(times.listen_timeout * 1000),
        "KEEP_ALIVE_TIMEOUT_MS": str(times.keep_alive_timeout * 1000),
    }
