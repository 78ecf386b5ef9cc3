"""What each app server is: its image, its rights, its boot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from budgets import Timeline
from components.app import AppSettings
from components.app_secrets import AppSecrets
from components.backends import Backends
from components.boot import user_data
from components.common import Common
from components.naming import named
from components.server_role import JobRecords, Permission, ServerRole, ServerRoleArgs
from components.server_settings import AppServersSettings

LAUNCHING_HOOK = "launching"
TERMINATING_HOOK = "terminating"
"""Lifecycle hooks that a server completes itself; the group makes them."""
ROOT_VOLUME_GIB = 20
"""Amazon Linux 2023 wants 8; the rest is for releases and logs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseLocation:
    """The release to run, in the bucket."""

    bucket: pulumi.Input[str]
    key: pulumi.Input[str]
    sha256: pulumi.Input[str]
    arn: pulumi.Input[str]
    """Of all releases' objects."""
    ecosystem: str
    """Where in it PM2's settings are."""
    pm2: str
    """Where in it PM2's programs are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerTemplateArgs:
    """What a server runs on, what it runs, and what that talks to."""

    settings: AppSettings
    servers: AppServersSettings
    auto_scaling_group: str
    """Its name: a server tells its group that it is ready."""
    security_group_id: pulumi.Input[str]
    image_id: pulumi.Input[str]
    release: ReleaseLocation
    backends: Backends
    environment: Mapping[str, pulumi.Input[str]]
    """Of the app; no secrets."""
    secrets: AppSecrets
    records: JobRecords | None
    """Of its jobs, where it has any."""
    permissions: Sequence[Permission]
    """Of the app, besides what its server needs."""
    timeline: Timeline
    open_files: int
    """Of each process of the app."""
    common: Common


class ServerTemplate(pulumi.ComponentResource):
    """A launch template whose servers need no more than it says: IMDSv2, encrypted disk, least privilege.

    Makes: `aws.cloudwatch.LogGroup`, a `ServerRole`, `aws.ec2.LaunchTemplate`.
    """

    launch_template_id: pulumi.Output[str]
    version: pulumi.Output[str]
    """Moves with every change."""
    log_group: pulumi.Output[str]

    def __init__(
        self, name: str, args: ServerTemplateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("evenkeel:index:ServerTemplate", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._log_group = aws.cloudwatch.LogGroup(
            name,
            retention_in_days=args.common.log_retention_days,
            kms_key_id=args.common.kms_key_arn,
            opts=self._child,
        )
        template = self._launch_template(self._role())
        self.launch_template_id = template.id
        self.version = template.latest_version.apply(str)
        self.log_group = self._log_group.name
        self.register_outputs(
            {
                "launch_template_id": self.launch_template_id,
                "version": self.version,
                "log_group": self.log_group,
            }
        )

    def _role(self) -> ServerRole:
        args, backends = self._args, self._args.backends
        return ServerRole(
            f"{self._name}-role",
            ServerRoleArgs(
                auto_scaling_group_arn=pulumi.Output.format(
                    "arn:aws:autoscaling:{0}:{1}:autoScalingGroup:*:autoScalingGroupName/{2}",
                    args.common.region,
                    args.common.account_id,
                    args.auto_scaling_group,
                ),
                releases_arn=args.release.arn,
                secret_arns=[*backends.secret_arns, *args.secrets.arns],
                log_group_arn=self._log_group.arn,
                kms_key_arns=[args.common.kms_key_arn, *backends.kms_key_arns, *args.secrets.kms_key_arns],
                has_spot=args.servers.has_spot,
                records=args.records,
                permissions=args.permissions,
            ),
            self._child,
        )

    def _launch_template(self, role: ServerRole) -> aws.ec2.LaunchTemplate:
        tags = {**self._args.common.tags, **named(self._name)}
        return aws.ec2.LaunchTemplate(
            self._name,
            image_id=self._args.image_id,
            instance_type=self._args.servers.instance_types[0],
            iam_instance_profile={"arn": role.instance_profile_arn},
            vpc_security_group_ids=[self._args.security_group_id],
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
            },
            block_device_mappings=[
                {
                    "device_name": "/dev/xvda",
                    "ebs": {
                        "volume_type": "gp3",
                        "volume_size": ROOT_VOLUME_GIB,
                        "encrypted": "true",
                        "delete_on_termination": "true",
                    },
                }
            ],
            # Target tracking sees CPU every minute instead of every five.
            monitoring={"enabled": True},
            tag_specifications=[
                {"resource_type": "instance", "tags": tags},
                {"resource_type": "volume", "tags": tags},
            ],
            user_data=self._user_data(),
            opts=self._child,
        )

    def _user_data(self) -> pulumi.Output[str]:
        args, release, backends = self._args, self._args.release, self._args.backends

        def render(values: Mapping[str, Any]) -> str:
            text = user_data.render(
                user_data.UserDataArgs(
                    **values,
                    region=args.common.region,
                    auto_scaling_group=args.auto_scaling_group,
                    launching_hook=LAUNCHING_HOOK,
                    terminating_hook=TERMINATING_HOOK,
                    ca_bundle_url=backends.ca_bundle_url,
                    ecosystem=release.ecosystem,
                    pm2=release.pm2,
                    port=args.settings.port,
                    store_variables=args.settings.store_variables,
                    node_major=args.settings.node,
                    ready_timeout=args.timeline.start_time,
                    boot_test_timeout=args.timeline.boot_test_timeout,
                    stop_timeout=args.timeline.stop_timeout,
                    drained_within=args.timeline.drained_within,
                    pm2_concurrent_actions=args.timeline.pm2_concurrent_actions,
                    open_files=args.open_files,
                )
            )
            return user_data.pack(text)

        return pulumi.Output.all(
            environment=args.environment,
            log_group=self._log_group.name,
            release_bucket=release.bucket,
            release_key=release.key,
            release_sha256=release.sha256,
            database_secret_arn=backends.database_secret_arn,
            redis_secret_arn=backends.redis_secret_arn,
            cache_redis_secret_arn=backends.cache_redis_secret_arn,
            secrets=pulumi.Output.all(*[variable.line for variable in args.secrets.variables]),
            pinned_secret=args.secrets.pinned,
            database_endpoint=backends.database_endpoint,
            redis_endpoint=backends.redis_endpoint,
            cache_redis_endpoint=backends.cache_redis_endpoint,
        ).apply(render)
