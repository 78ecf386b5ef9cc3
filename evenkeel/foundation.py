"""What the app of a stack stands on: its network, its balancer, its stores, and what encrypts them."""

import pulumi

from components import bucket as buckets
from components import naming, redis_store
from components.bucket import Bucket
from components.cloud import Cloud, CloudArgs
from components.common import Common
from components.database import Database, DatabaseArgs
from components.encryption import EncryptionKey, EncryptionKeyArgs
from components.existing_database import ExistingDatabase, ExistingDatabaseArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.network import Network, NetworkArgs
from components.redis_store import RedisStore, RedisStoreArgs
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from stacks.admission import admitted
from stacks.deployed import deployed
from stacks.sections import Settings


class Foundation:
    """All of a stack but the servers, as the stack's settings say it.

    Raises `pulumi.RunError` before the first resource where a setting is refused.
    """

    settings: Settings
    name: str
    """What each resource's name has to begin with, such as `shop-prod`: the deployer may make no others."""
    options: pulumi.ResourceOptions
    """Of a resource in the stack's account and region, with the stack's tags."""
    common: Common
    """Account, region, and the KMS key that encrypts the stack."""
    network: Network
    groups: SecurityGroups
    """Security groups, of the balancer, the app, the stores and the migrations."""
    bucket: Bucket
    """Holds releases and bundles of migrations."""
    balancer: LoadBalancer
    database: Database | ExistingDatabase | None
    """None where the stack's settings say `database: none`."""
    sessions: RedisStore | None
    cache: RedisStore | None
    """The same as `sessions` where the stack has no separate cache; None with `redis: none`."""

    def __init__(self) -> None:
        self._project, self._stack = pulumi.get_project(), pulumi.get_stack()
        self._before = deployed()
        self.settings = settings = admitted(self._project, self._stack, self._before)
        self.name = name = naming.prefix(self._project, self._stack)
        tags = naming.default_tags(self._project, self._stack, settings.tags)
        self._cloud = cloud = Cloud(
            name,
            CloudArgs(
                settings=settings.aws,
                tags=tags,
                zones=settings.network.zones,
                image_id=settings.app_servers.image_id,
                instance_type=settings.app_servers.instance_types[0],
            ),
        )
        self.options = pulumi.ResourceOptions(provider=cloud.provider)
        key = EncryptionKey(
            name,
            EncryptionKeyArgs(
                account_id=cloud.account_id,
                region=settings.aws.region,
                protected=settings.protects_data,
                retained=settings.outlived,
            ),
            self.options,
        )
        self.common = Common(
            api=settings.aws.api,
            account_id=cloud.account_id,
            kms_key_arn=key.arn,
            log_retention_days=settings.monitoring.log_retention_days,
            secret_recovery_days=settings.secrets.recovery_days,
            tags=tags,
        )
        self.network = Network(
            name, NetworkArgs(settings=settings.network, zones=cloud.zones, common=self.common), self.options
        )
        existing = settings.database and settings.database.existing
        self.groups = SecurityGroups(
            name,
            SecurityGroupsArgs(
                vpc_id=self.network.vpc_id,
                balancer_ports=settings.load_balancer.ports,
                app_port=settings.app.port,
                database_port=settings.database.port if settings.database else None,
                database_network=str(existing.network) if existing else None,
                redis_port=settings.redis.port if settings.redis else None,
            ),
            self.options,
        )
        self._app_group = naming.servers(self._project, self._stack)
        self._make_entrance()
        self._make_stores()

    def _make_entrance(self) -> None:
        settings = self.settings
        logs = Bucket(
            f"{self.name}-logs",
            buckets.for_logs(
                settings.buckets,
                access_log_retention_days=settings.load_balancer.access_log_retention_days,
                account_id=self._cloud.account_id,
            ),
            self.options,
        )
        self.bucket = Bucket(
            f"{self.name}-artifacts", buckets.for_artifacts(settings.buckets, self.common, logs), self.options
        )
        self.balancer = LoadBalancer(
            self.name,
            LoadBalancerArgs(
                settings=settings.load_balancer,
                vpc_id=self.network.vpc_id,
                subnet_ids=self.network.public_subnet_ids,
                security_group_id=self.groups.balancer,
                app_port=settings.app.port,
                timeline=settings.timeline,
                access_log_bucket=logs.bucket,
                api=self.common.api,
            ),
            self.options,
        )

    def _make_stores(self) -> None:
        self.database = self._database()
        self.sessions = self.cache = self._redis("sessions", redis_store.SESSIONS)
        if self.settings.redis and self.settings.redis.separate_cache:
            self.cache = self._redis("cache", redis_store.CACHE)

    def _database(self) -> Database | ExistingDatabase | None:
        settings = self.settings.database
        if settings is None:
            return None
        if settings.existing:
            return ExistingDatabase(
                ExistingDatabaseArgs(
                    settings=settings.existing,
                    port=settings.port,
                    database_name=settings.name,
                    admin_user=settings.admin_user,
                ),
                self._cloud.provider,
            )
        assert self.groups.database
        args = DatabaseArgs(
            settings=settings,
            subnet_ids=self.network.data_subnet_ids,
            security_group_id=self.groups.database,
            common=self.common,
        )
        return Database(f"{self.name}-database", args, self.options)

    def _redis(self, suffix: str, role: redis_store.Role) -> RedisStore | None:
        if self.settings.redis is None:
            return None
        assert self.groups.redis
        args = RedisStoreArgs(
            settings=self.settings.redis,
            role=role,
            subnet_ids=self.network.data_subnet_ids,
            security_group_id=self.groups.redis,
            common=self.common,
        )
        return RedisStore(f"{self.name}-{suffix}", args, self.options)
