"""The kit for a program: what an app stands on, and the servers that run it."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components import naming
from components.alarms import alarms
from components.app import environment as kit_environment
from components.app_secrets import AppSecrets, app_secrets, existing_secrets, own_secret
from components.app_servers import AppServers, AppServersArgs
from components.backends import Backends
from components.migrations import Migrations, MigrationsArgs
from components.mixed_instances import MixedInstances
from components.monitoring import Monitoring, MonitoringArgs, watched
from components.release import Release, ReleaseArgs
from components.rollout.component import Rollout, RolloutArgs
from components.rollout.drive import Replacement
from components.rollout.smoke import Smoke, answers_wanted
from components.scaling import Scaling, ScalingArgs
from components.server_role import JobRecords, Permission
from components.server_template import ReleaseLocation, ServerTemplate, ServerTemplateArgs
from components.stack_secrets import StackSecrets, StackSecretsArgs
from evenkeel.foundation import Foundation
from stacks import answering
from stacks.deployed import parameter
from stacks.own_variables import plain, refuse_own


class Kit(Foundation):
    """A stack in two steps: `Kit()` makes what the app stands on, `serve` runs the app on it.

    Between the two a program makes what else its app needs:

        kit = Kit()
        uploads = aws.s3.Bucket(f"{kit.name}-uploads", opts=kit.options)
        may_write = Permission(actions=["s3:PutObject"], resources=[uploads.arn.apply("{}/*".format)])
        kit.serve(environment={"UPLOADS": uploads.bucket}, permissions=[may_write])
    """

    def serve(
        self,
        *,
        environment: Mapping[str, pulumi.Input[str]] | None = None,
        secrets: Mapping[str, aws.secretsmanager.SecretVersion] | None = None,
        permissions: Sequence[Permission] = (),
    ) -> None:
        """Migrate the schema, run the app and roll it out, with what else the program made for it.

        `environment` has more variables, readable in the launch template; `secrets` those whose values are in
        Secrets Manager; `permissions` what the app may do, by its servers' role. Another value of a variable
        or a secret replaces the servers. Exports the outputs that the checks of the servers read
        (docs/infra-tests.md).

        Raises `pulumi.RunError` for a variable that the app has already, or that can't be one.
        """
        refuse_own(self.settings, environment or {}, secrets or {})
        own_environment = plain(self.settings, environment or {})
        stack_secrets = StackSecrets.make(
            self.name,
            StackSecretsArgs(app=self.settings.app, smoke=self.settings.smoke, common=self.common),
            self.options,
        )
        schema = self._migrate()
        release = self._make_release()
        template = self._template(
            release, self._secrets(stack_secrets, secrets or {}), own_environment, permissions
        )
        replacement = self._replacement(template, self._monitoring(template))
        smoke = self._smoke(release, stack_secrets)
        servers = self._servers(replacement, smoke, schema)
        rollout = Rollout(
            f"{self.name}-rollout",
            RolloutArgs(
                parameter_prefix=naming.parameters(self._project, self._stack),
                release_sha256=release.sha256,
                auto_scaling_group=servers.auto_scaling_group,
                replacement=replacement,
                smoke=smoke,
            ),
            self.options,
        )
        if schema:
            schema.contract(
                parameter_name=f"{naming.parameters(self._project, self._stack)}/contracted",
                verified=rollout.verified,
            )
        self._export(template, servers, schema)

    def _secrets(self, made: StackSecrets, own: Mapping[str, aws.secretsmanager.SecretVersion]) -> AppSecrets:
        app = self.settings.app
        return app_secrets(
            kit=made.kit,
            own=made.own,
            names=app.own_secrets,
            existing=[
                *existing_secrets(app, self._cloud.provider),
                *(own_secret(name, version) for name, version in own.items()),
            ],
        )

    def _migrate(self) -> Migrations | None:
        """None where there is no schema that the kit may change."""
        if not (self.database and self.database.admin_secret_arn and self.groups.migrations):
            return None
        gate = naming.gates(self._project, self._stack)["schema"]
        return Migrations(
            f"{self.name}-schema",
            MigrationsArgs(
                settings=self.settings.migrations,
                parameter_name=gate,
                deployed=parameter(self._before, gate),
                bucket=self.bucket.bucket,
                bucket_arn=self.bucket.arn,
                database=self.database,
                subnet_ids=self.network.app_subnet_ids,
                security_group_id=self.groups.migrations,
                ca_bundle_url=self.settings.aws.ca_bundle,
                common=self.common,
            ),
            self.options,
        )

    def _make_release(self) -> Release:
        args = ReleaseArgs(
            settings=self.settings.app, bucket=self.bucket.bucket, servers=answering.servers(self.settings)
        )
        return Release(f"{self.name}-release", args, self.options)

    def _template(
        self,
        release: Release,
        secrets: AppSecrets,
        environment: Mapping[str, pulumi.Input[str]],
        permissions: Sequence[Permission],
    ) -> ServerTemplate:
        settings = self.settings
        return ServerTemplate(
            self._app_group,
            ServerTemplateArgs(
                settings=settings.app,
                servers=settings.app_servers,
                auto_scaling_group=self._app_group,
                security_group_id=self.groups.app,
                image_id=self._cloud.image_id,
                release=ReleaseLocation(
                    bucket=release.bucket,
                    key=release.key,
                    sha256=release.sha256,
                    arn=pulumi.Output.concat(self.bucket.arn, "/releases/*"),
                    ecosystem=release.ecosystem,
                    pm2=release.pm2,
                ),
                backends=Backends.of(
                    database=self.database,
                    sessions=self.sessions,
                    cache=self.cache,
                    ca_bundle_url=settings.aws.ca_bundle,
                ),
                environment={
                    # For the AWS SDK, which finds the role's credentials by itself.
                    **({"AWS_REGION": settings.aws.region} if permissions or settings.app.jobs else {}),
                    **({"CRON_BUCKET": self.bucket.bucket} if settings.app.jobs else {}),
                    **environment,
                    **kit_environment(
                        settings.app,
                        settings.timeline,
                        settings.connections,
                        https=settings.load_balancer.https,
                        metrics_namespace=self.name,
                    ),
                },
                secrets=secrets,
                records=self._job_records() if settings.app.jobs else None,
                permissions=permissions,
                timeline=settings.timeline,
                open_files=settings.open_files,
                common=self.common,
            ),
            self.options,
        )

    def _job_records(self) -> JobRecords:
        return JobRecords(
            arn=pulumi.Output.concat(self.bucket.arn, "/cron/*"), kms_key_arn=self.common.kms_key_arn
        )

    def _monitoring(self, template: ServerTemplate) -> Monitoring:
        settings, database = self.settings, self.settings.database
        return Monitoring(
            self.name,
            MonitoringArgs(
                settings=settings.monitoring,
                alarms=alarms(
                    max_connections=settings.connections.max_connections,
                    free_storage_gib=database.short_storage if database else 0,
                    app_namespace=self.name,
                ),
                watched=watched(
                    balancer_arn_suffix=self.balancer.arn_suffix,
                    target_group_arn_suffix=self.balancer.target_group_arn_suffix,
                    auto_scaling_group=self._app_group,
                    database=self.database.identifier if self.database else None,
                    sessions=self.sessions.nodes if self.sessions else [],
                    cache=[] if self.cache is None or self.cache is self.sessions else self.cache.nodes,
                ),
                app_namespace=self.name,
                log_group=template.log_group,
                common=self.common,
            ),
            self.options,
        )

    def _replacement(self, template: ServerTemplate, monitoring: Monitoring) -> Replacement:
        return Replacement(
            auto_scaling_group=self._app_group,
            instances=MixedInstances(
                launch_template_id=template.launch_template_id,
                launch_template_version=template.version,
                settings=self.settings.app_servers,
            ),
            target_group_arn=self.balancer.target_group_arn,
            log_group=template.log_group,
            rollback_alarms=monitoring.rollback_alarms,
            timeout=self.settings.rollout_timeout,
            api=self.common.api,
        )

    def _smoke(self, release: Release, secrets: StackSecrets) -> Smoke:
        settings = self.settings
        return Smoke(
            url=self.balancer.url,
            through=None if settings.name_leads_to_balancer else self.balancer.dns_name,
            release=release.sha256,
            paths=settings.smoke.paths,
            answers=answers_wanted(settings.app_servers.max_size),
            session=settings.smoke.check_session(f"{self.name}.invalid"),
            password_secret_arn=secrets.password_arn,
            token_secret_arn=secrets.token_arn,
            api=self.common.api,
        )

    def _servers(self, replacement: Replacement, smoke: Smoke, schema: Migrations | None) -> AppServers:
        settings = self.settings
        servers = AppServers(
            self._app_group,
            AppServersArgs(
                settings=settings.app_servers,
                auto_scaling_group=self._app_group,
                subnet_ids=self.network.app_subnet_ids,
                target_group_arn=self.balancer.target_group_arn,
                replacement=replacement,
                smoke=smoke,
                timeline=settings.timeline,
                gates=[schema.gate] if schema else [],
            ),
            self.options,
        )
        Scaling(
            f"{self.name}-scaling",
            ScalingArgs(
                settings=settings.app_servers,
                auto_scaling_group=servers.auto_scaling_group,
                balancer_arn_suffix=self.balancer.arn_suffix,
                target_group_arn_suffix=self.balancer.target_group_arn_suffix,
            ),
            self.options,
        )
        return servers

    def _export(self, template: ServerTemplate, servers: AppServers, schema: Migrations | None) -> None:
        pulumi.export("url", self.balancer.url)
        pulumi.export("balancer_dns_name", self.balancer.dns_name)
        pulumi.export("auto_scaling_group", servers.auto_scaling_group)
        pulumi.export("target_group", self.balancer.target_group_arn)
        pulumi.export("log_group", template.log_group)
        # The engine keeps no output that is null: those of what is not there are missing.
        pulumi.export("database", self.database.identifier if self.database else None)
        pulumi.export("sessions", self.sessions.replication_group_id if self.sessions else None)
        pulumi.export("cache", self.cache.replication_group_id if self.cache else None)
        pulumi.export("checks", self.settings.smoke.checks)
        gates = naming.gates(self._project, self._stack)
        pulumi.export("gates", {gate: gates[gate] for gate in gates if schema or gate != "schema"})
