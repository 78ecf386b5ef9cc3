"""A stack: settings in, components composed, outputs exported."""

import pulumi

from components import bucket as buckets
from components import naming, redis_store
from components.alarms import alarms
from components.app import environment
from components.app_secrets import app_secrets, existing_secrets
from components.app_servers import AppServers, AppServersArgs
from components.bucket import Bucket
from components.cloud import Cloud, CloudArgs
from components.common import Common
from components.database import Database, DatabaseArgs
from components.encryption import EncryptionKey, EncryptionKeyArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.migrations import Migrations, MigrationsArgs
from components.mixed_instances import MixedInstances
from components.monitoring import Monitoring, MonitoringArgs, watched
from components.network import Network, NetworkArgs
from components.redis_store import RedisStore, RedisStoreArgs
from components.release import Release, ReleaseArgs
from components.rollout.component import Rollout, RolloutArgs
from components.rollout.drive import Replacement
from components.rollout.smoke import Smoke, answers_wanted
from components.scaling import Scaling, ScalingArgs
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from components.server_template import Backends, ReleaseLocation, ServerTemplate, ServerTemplateArgs
from components.stack_secrets import StackSecrets, StackSecretsArgs
from stacks import answering
from stacks.admission import admitted
from stacks.deployed import deployed, parameter

project, stack = pulumi.get_project(), pulumi.get_stack()
before = deployed()
settings = admitted(project, stack, before)
name = naming.prefix(project, stack)
tags = naming.default_tags(project, stack, settings.tags)
gates = naming.gates(project, stack)
app_group = f"{name}-app"

cloud = Cloud(
    name,
    CloudArgs(
        settings=settings.aws,
        tags=tags,
        zones=settings.network.zones,
        image_id=settings.app_servers.image_id,
        instance_type=settings.app_servers.instance_types[0],
    ),
)
in_account = pulumi.ResourceOptions(provider=cloud.provider)
key = EncryptionKey(
    name,
    EncryptionKeyArgs(
        account_id=cloud.account_id,
        region=settings.aws.region,
        protected=settings.protects_data,
        retained=settings.outlived,
    ),
    in_account,
)
common = Common(
    api=settings.aws.api,
    account_id=cloud.account_id,
    kms_key_arn=key.arn,
    log_retention_days=settings.monitoring.log_retention_days,
    secret_recovery_days=settings.secrets.recovery_days,
    tags=tags,
)

network = Network(name, NetworkArgs(settings=settings.network, zones=cloud.zones, common=common), in_account)
groups = SecurityGroups(
    name,
    SecurityGroupsArgs(
        vpc_id=network.vpc_id,
        balancer_ports=settings.load_balancer.ports,
        app_port=settings.app.port,
        database_port=settings.database.port,
        redis_port=settings.redis.port,
    ),
    in_account,
)
logs = Bucket(
    f"{name}-logs",
    buckets.for_logs(
        settings.buckets,
        access_log_retention_days=settings.load_balancer.access_log_retention_days,
        account_id=cloud.account_id,
    ),
    in_account,
)
bucket = Bucket(f"{name}-artifacts", buckets.for_artifacts(settings.buckets, common, logs), in_account)
balancer = LoadBalancer(
    name,
    LoadBalancerArgs(
        settings=settings.load_balancer,
        vpc_id=network.vpc_id,
        subnet_ids=network.public_subnet_ids,
        security_group_id=groups.balancer,
        app_port=settings.app.port,
        timeline=settings.timeline,
        access_log_bucket=logs.bucket,
        api=common.api,
    ),
    in_account,
)

database = Database(
    f"{name}-database",
    DatabaseArgs(
        settings=settings.database,
        subnet_ids=network.data_subnet_ids,
        security_group_id=groups.database,
        common=common,
    ),
    in_account,
)


def redis(role: redis_store.Role) -> RedisStoreArgs:
    """A store for one of its roles."""
    return RedisStoreArgs(
        settings=settings.redis,
        role=role,
        subnet_ids=network.data_subnet_ids,
        security_group_id=groups.redis,
        common=common,
    )


sessions = cache = RedisStore(f"{name}-sessions", redis(redis_store.SESSIONS), in_account)
if settings.redis.separate_cache:
    cache = RedisStore(f"{name}-cache", redis(redis_store.CACHE), in_account)


secrets = StackSecrets.make(
    name, StackSecretsArgs(app=settings.app, smoke=settings.smoke, common=common), in_account
)
schema = Migrations(
    f"{name}-schema",
    MigrationsArgs(
        settings=settings.migrations,
        parameter_name=gates["schema"],
        deployed=parameter(before, gates["schema"]),
        bucket=bucket.bucket,
        bucket_arn=bucket.arn,
        database=database,
        subnet_ids=network.app_subnet_ids,
        security_group_id=groups.migrations,
        ca_bundle_url=settings.aws.ca_bundle,
        common=common,
    ),
    in_account,
)
release = Release(
    f"{name}-release",
    ReleaseArgs(settings=settings.app, bucket=bucket.bucket, servers=answering.servers(settings)),
    in_account,
)
template = ServerTemplate(
    app_group,
    ServerTemplateArgs(
        settings=settings.app,
        servers=settings.app_servers,
        auto_scaling_group=app_group,
        security_group_id=groups.app,
        image_id=cloud.image_id,
        release=ReleaseLocation(
            bucket=release.bucket,
            key=release.key,
            sha256=release.sha256,
            arn=pulumi.Output.concat(bucket.arn, "/releases/*"),
        ),
        backends=Backends(
            database_secret_arn=database.app_secret_arn,
            redis_secret_arn=sessions.secret_arn,
            cache_redis_secret_arn=cache.secret_arn,
            redis_endpoint=sessions.endpoint,
            cache_redis_endpoint=cache.endpoint,
            ca_bundle_url=settings.aws.ca_bundle,
        ),
        environment=environment(
            settings.app,
            settings.timeline,
            settings.connections,
            https=settings.load_balancer.https,
            metrics_namespace=name,
        ),
        secrets=app_secrets(
            kit=secrets.kit,
            own=secrets.own,
            names=settings.app.own_secrets,
            existing=existing_secrets(settings.app, cloud.provider),
        ),
        timeline=settings.timeline,
        open_files=settings.open_files,
        common=common,
    ),
    in_account,
)
monitoring = Monitoring(
    name,
    MonitoringArgs(
        settings=settings.monitoring,
        alarms=alarms(
            max_connections=settings.connections.max_connections,
            free_storage_gib=settings.database.short_storage,
            app_namespace=name,
        ),
        watched=watched(
            balancer_arn_suffix=balancer.arn_suffix,
            target_group_arn_suffix=balancer.target_group_arn_suffix,
            auto_scaling_group=app_group,
            database=database.identifier,
            sessions=sessions.nodes,
            cache=[] if cache is sessions else cache.nodes,
        ),
        app_namespace=name,
        log_group=template.log_group,
        common=common,
    ),
    in_account,
)

replacement = Replacement(
    auto_scaling_group=app_group,
    instances=MixedInstances(
        launch_template_id=template.launch_template_id,
        launch_template_version=template.version,
        settings=settings.app_servers,
    ),
    target_group_arn=balancer.target_group_arn,
    log_group=template.log_group,
    rollback_alarms=monitoring.rollback_alarms,
    timeout=settings.rollout_timeout,
    api=common.api,
)
smoke = Smoke(
    url=balancer.url,
    through=None if settings.name_leads_to_balancer else balancer.dns_name,
    release=release.sha256,
    paths=settings.smoke.paths,
    answers=answers_wanted(settings.app_servers.max_size),
    session=settings.smoke.check_session(f"{name}.invalid"),
    password_secret_arn=secrets.password_arn,
    token_secret_arn=secrets.token_arn,
    api=common.api,
)
servers = AppServers(
    app_group,
    AppServersArgs(
        settings=settings.app_servers,
        auto_scaling_group=app_group,
        subnet_ids=network.app_subnet_ids,
        target_group_arn=balancer.target_group_arn,
        replacement=replacement,
        smoke=smoke,
        timeline=settings.timeline,
        gates=[schema.gate],
    ),
    in_account,
)
Scaling(
    f"{name}-scaling",
    ScalingArgs(
        settings=settings.app_servers,
        auto_scaling_group=servers.auto_scaling_group,
        balancer_arn_suffix=balancer.arn_suffix,
        target_group_arn_suffix=balancer.target_group_arn_suffix,
    ),
    in_account,
)
rollout = Rollout(
    f"{name}-rollout",
    RolloutArgs(
        parameter_prefix=naming.parameters(project, stack),
        release_sha256=release.sha256,
        auto_scaling_group=servers.auto_scaling_group,
        replacement=replacement,
        smoke=smoke,
    ),
    in_account,
)
schema.contract(parameter_name=f"{naming.parameters(project, stack)}/contracted", verified=rollout.verified)

pulumi.export("url", balancer.url)
pulumi.export("balancer_dns_name", balancer.dns_name)
pulumi.export("auto_scaling_group", servers.auto_scaling_group)
pulumi.export("target_group", balancer.target_group_arn)
pulumi.export("log_group", template.log_group)
pulumi.export("database", database.identifier)
pulumi.export("sessions", sessions.replication_group_id)
pulumi.export("cache", cache.replication_group_id)
pulumi.export("gates", gates)
