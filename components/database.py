"""The PostgreSQL database, its passwords and its logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from components.ordering import after
from components.postgres_parameters import family, parameters
from components.protection import protection
from components.secrets import Secret, SecretArgs, password
from components.trust import assumed_by

APP_ROLE = "app_service"
"""The app's own role, which the migrations make: it reads and writes rows and owns nothing."""
LOGS = ("postgresql", "upgrade")
"""The logs that RDS exports to CloudWatch."""
MONITORING_INTERVAL = 60
"""Seconds between two enhanced-monitoring metrics."""
ENHANCED_MONITORING_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseArgs:
    """How big, how safe, and where. Storage is GiB."""

    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    kms_key_arn: pulumi.Input[str]
    engine_version: str
    instance_class: str
    allocated_storage: int
    max_allocated_storage: int
    """How far the storage grows by itself; no further where both are the same."""
    multi_az: bool
    port: int
    database_name: str
    admin_user: str
    backup_retention_days: int
    deletion_protection: bool
    final_snapshot: bool
    """Whether a database that is deleted leaves a snapshot, and its automated backups until they expire."""
    restore_from_snapshot: str | None
    """The DB snapshot that a new database begins with, and under whose key it stays."""
    apply_immediately: bool
    """Whether a change that interrupts may do so at once, instead of in the maintenance window."""
    parameters: Mapping[str, str]
    log_retention_days: int
    secret_recovery_days: int
    account_id: pulumi.Input[str]


class Database(pulumi.ComponentResource):
    """An RDS instance that only TLS reaches, with a secret for its admin and one for the app's role.

    Makes: `aws.rds.SubnetGroup`, `ParameterGroup` and `Instance`; an `aws.cloudwatch.LogGroup` a log;
    `aws.iam.Role` and `RolePolicyAttachment` of enhanced monitoring; two `Secret`s; `random.RandomPassword`s
    for them and a `RandomId` that names the final snapshot.
    """

    address: pulumi.Output[str]
    port: pulumi.Output[int]
    database_name: str
    admin_user: str
    identifier: pulumi.Output[str]
    resource_id: pulumi.Output[str]
    """Another one where the database was made anew."""
    admin_secret_arn: pulumi.Output[str]
    app_secret_arn: pulumi.Output[str]
    """Both hold username, password, host, port and dbname."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Database", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        admin_password = password(f"{name}-admin-password", self._child)
        app_password = password(f"{name}-app-password", self._child)
        instance = self._instance(admin_password)

        self.address = instance.address
        self.port = instance.port
        self.database_name = args.database_name
        self.admin_user = args.admin_user
        self.identifier = instance.identifier
        self.resource_id = instance.resource_id
        self.admin_secret_arn = self._secret("admin", args.admin_user, admin_password)
        self.app_secret_arn = self._secret("app", APP_ROLE, app_password)
        self.register_outputs(
            {
                "address": self.address,
                "port": self.port,
                "database_name": self.database_name,
                "admin_user": self.admin_user,
                "identifier": self.identifier,
                "resource_id": self.resource_id,
                "admin_secret_arn": self.admin_secret_arn,
                "app_secret_arn": self.app_secret_arn,
            }
        )

    def _instance(self, admin_password: pulumi.Output[str]) -> aws.rds.Instance:
        name, args = self._name, self._args
        subnet_group = aws.rds.SubnetGroup(
            name, description=f"Data subnets of {name}", subnet_ids=args.subnet_ids, opts=self._child
        )
        parameter_group = aws.rds.ParameterGroup(
            name,
            description=f"Parameters of {name}",
            family=family(args.engine_version),
            parameters=parameters(args.parameters),
            opts=self._child,
        )
        snapshot = random.RandomId(
            f"{name}-final-snapshot",
            byte_length=4,
            # What replaces the database: each that is deleted leaves a snapshot of its own name.
            keepers={"database": args.database_name, "admin_user": args.admin_user},
            opts=self._child,
        )
        grows = args.max_allocated_storage > args.allocated_storage
        return aws.rds.Instance(
            name,
            identifier=name,
            engine="postgres",
            engine_version=args.engine_version,
            auto_minor_version_upgrade=True,
            instance_class=args.instance_class,
            storage_type="gp3",
            allocated_storage=args.allocated_storage,
            max_allocated_storage=args.max_allocated_storage if grows else None,
            storage_encrypted=True,
            # A restored database keeps the snapshot's key, which another key here would replace it for.
            kms_key_id=args.kms_key_arn if args.restore_from_snapshot is None else None,
            snapshot_identifier=args.restore_from_snapshot,
            multi_az=args.multi_az,
            db_subnet_group_name=subnet_group.name,
            vpc_security_group_ids=[args.security_group_id],
            publicly_accessible=False,
            port=args.port,
            db_name=args.database_name,
            username=args.admin_user,
            password=admin_password,
            iam_database_authentication_enabled=True,
            parameter_group_name=parameter_group.name,
            backup_retention_period=args.backup_retention_days,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not args.final_snapshot,
            deletion_protection=args.deletion_protection,
            skip_final_snapshot=not args.final_snapshot,
            final_snapshot_identifier=pulumi.Output.concat(f"{name}-final-", snapshot.hex),
            apply_immediately=args.apply_immediately,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.kms_key_arn,
            monitoring_interval=MONITORING_INTERVAL,
            monitoring_role_arn=self._monitoring_role(),
            enabled_cloudwatch_logs_exports=LOGS,
            opts=pulumi.ResourceOptions.merge(
                protection(name, "database.deletion_protection", args.deletion_protection),
                pulumi.ResourceOptions(
                    parent=self,
                    depends_on=self._log_groups(),
                    # Where it came from is the past: the setting may go.
                    ignore_changes=["kms_key_id", "snapshot_identifier"],
                ),
            ),
        )

    def _log_groups(self) -> list[pulumi.Resource]:
        """Made beforehand: RDS would make them unencrypted, and keep the lines for ever."""
        return [
            aws.cloudwatch.LogGroup(
                f"{self._name}-{log}",
                name=f"/aws/rds/instance/{self._name}/{log}",
                retention_in_days=self._args.log_retention_days,
                kms_key_id=self._args.kms_key_arn,
                opts=self._child,
            )
            for log in LOGS
        ]

    def _monitoring_role(self) -> pulumi.Output[str]:
        role = aws.iam.Role(
            f"{self._name}-monitoring",
            description="Lets RDS write enhanced-monitoring metrics",
            assume_role_policy=assumed_by("monitoring.rds.amazonaws.com", self._args.account_id),
            opts=self._child,
        )
        attachment = aws.iam.RolePolicyAttachment(
            f"{self._name}-monitoring-policy",
            role=role.name,
            policy_arn=ENHANCED_MONITORING_POLICY,
            opts=self._child,
        )
        return after(role.arn, attachment.id)

    def _secret(self, owner: str, user: str, owner_password: pulumi.Output[str]) -> pulumi.Output[str]:
        return Secret(
            f"{self._name}-{owner}",
            SecretArgs(
                description=f"How {user} reaches the database {self._name}",
                value=pulumi.Output.json_dumps(
                    {
                        "username": user,
                        "password": owner_password,
                        "host": self.address,
                        "port": self.port,
                        "dbname": self.database_name,
                    }
                ),
                kms_key_arn=self._args.kms_key_arn,
                recovery_window_in_days=self._args.secret_recovery_days,
            ),
            self._child,
        ).arn
