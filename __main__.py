"""A stack: settings in, components composed, outputs exported."""

from datetime import UTC, datetime

import pulumi

from components.app_servers import AppServers
from components.bucket import Bucket
from components.cloud import Cloud
from components.database import Database
from components.encryption import EncryptionKey
from components.load_balancer import LoadBalancer
from components.migrations import Migrations
from components.monitoring import Monitoring
from components.network import Network
from components.redis_store import RedisStore
from components.release import Release
from components.rollout.component import Rollout
from components.scaling import Scaling
from components.secrets import Secret, password
from components.security_groups import SecurityGroups
from components.server_template import ServerTemplate
from stacks import relaxations, replacements, restores
from stacks.deployed import deployed
from stacks.settings import load, refuse
from stacks.stack_name import refuse_unusable
from stacks.wiring import Wiring

stack = pulumi.get_stack()
refuse_unusable(pulumi.get_project(), stack)
wire = Wiring(project=pulumi.get_project(), stack=stack, settings=load(stack))
relaxations.tell(stack, wire.settings)
name = wire.name
found = deployed()
replacements.refuse_renamed(name, found)
refuse(
    [
        *replacements.problems(wire.settings, name, found, datetime.now(UTC).date()),
        *restores.problems(wire.settings, found),
    ]
)
cloud = Cloud(name, wire.cloud())
here = pulumi.ResourceOptions(provider=cloud.provider)

key = EncryptionKey(name, wire.key(cloud), here)
network = Network(name, wire.network(cloud, key), here)
groups = SecurityGroups(name, wire.security_groups(network), here)
logs = Bucket(f"{name}-logs", wire.logs(cloud), here)
bucket = Bucket(f"{name}-artifacts", wire.artifacts(key, logs), here)
balancer = LoadBalancer(name, wire.load_balancer(network, groups, logs), here)

database = Database(f"{name}-database", wire.database(cloud, network, groups, key), here)
sessions = cache = RedisStore(f"{name}-sessions", wire.sessions(network, groups, key), here)
if wire.settings.redis.separate_cache:
    cache = RedisStore(f"{name}-cache", wire.cache(network, groups, key), here)
session_secret = Secret(f"{name}-session", wire.session_secret(password(f"{name}-session"), key), here)
kit_secrets = {"SESSION_SECRET": session_secret}
checks = check_token = None
if wire.settings.smoke.session:
    checks = Secret(f"{name}-checks", wire.check_account(password(f"{name}-checks"), key), here)
    check_token = Secret(f"{name}-check-token", wire.check_token(password(f"{name}-check-token"), key), here)
    kit_secrets["CHECK_TOKEN"] = check_token
own_secrets = None
if own := wire.own_secrets(key):
    own_secrets = Secret(f"{name}-app-secrets", own, here)
secrets = wire.app_secrets(kit_secrets, own_secrets, cloud)
backends = wire.backends(database, sessions, cache)

schema = Migrations(f"{name}-schema", wire.migrations(cloud, network, groups, database, bucket, key), here)
release = Release(f"{name}-release", wire.release(bucket), here)
template = ServerTemplate(
    f"{name}-app", wire.server(cloud, groups, release, bucket, backends, secrets, key), here
)
alarms = Monitoring(name, wire.monitoring(balancer, database, sessions, cache, template, key), here)
replacement = wire.replacement(template, balancer, alarms)
smoke = wire.smoke(release, balancer, checks, check_token)
servers = AppServers(f"{name}-app", wire.servers(network, balancer, schema, replacement, smoke), here)
Scaling(f"{name}-scaling", wire.scaling(servers, balancer), here)
Rollout(f"{name}-rollout", wire.rollout(release, servers, replacement, smoke), here)

pulumi.export("url", balancer.url)
pulumi.export("balancer_dns_name", balancer.dns_name)
pulumi.export("auto_scaling_group", servers.auto_scaling_group)
pulumi.export("target_group", balancer.target_group_arn)
pulumi.export("log_group", template.log_group)
pulumi.export("database", database.identifier)
pulumi.export("sessions", sessions.replication_group_id)
pulumi.export("cache", cache.replication_group_id)
pulumi.export("gates", wire.gates)
