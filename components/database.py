"""The PostgreSQL database, its passwords and its logs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import pulumi
import pulumi_aws as aws
import pulumi_random as random
from pydantic import Field

from components.common import Common
from components.existing_database import ExistingDatabaseSettings
from components.iam import assumed_by
from components.ordering import after
from components.postgres_parameters import family, parameters
from components.protection import protection
from components.secrets import Secret, SecretArgs, password
from components.values import Identifier, Section, Value

APP_ROLE = "app_service"
"""The app's own role, which the migrations make: it reads and writes rows and owns nothing."""
LOGS = ("postgresql", "upgrade")
"""The logs that RDS exports to CloudWatch."""
MONITORING_INTERVAL = 60
"""Seconds between two enhanced-monitoring metrics."""
ENHANCED_MONITORING_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


SnapshotName = Annotated[str, Field(pattern=r"^(arn:aws[a-z-]*:rds:\S+|[a-zA-Z][a-zA-Z0-9-]*)$")]
ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$")]


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseSettings:
    """RDS for PostgreSQL; `none` for an app without a database, or with one that the kit is not to know."""

    engine_version: Annotated[Value, Field(pattern=r"^\d+(\.\d+)?$")] = "17"
    """A major version takes RDS' minor updates."""
    instance_class: Annotated[str, Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$")] = "db.m7g.large"
    """RDS' size of the instance. It decides how many connections there are."""
    allocated_storage: Annotated[int, Field(ge=20, le=65536)] = 100
    """Storage at first."""
    max_allocated_storage: Annotated[int, Field(ge=20, le=65536)] = 1000
    """Storage grows by itself up to this."""
    multi_az: bool = True
    """A standby in another zone takes over when the instance fails, and has every acknowledged commit."""
    port: Annotated[int, Field(ge=1150, le=65535)] = 5433
    """1150 or higher; not PostgreSQL's own 5432 (RDS.23)."""
    name: Identifier = "app"
    """The database that the app uses."""
    admin_user: Identifier = "evenkeel_admin"
    """Owns the schema. The app has a role of its own with fewer rights."""
    backup_retention_days: Annotated[int, Field(ge=0, le=35)] = 7
    """0 means no backups and no point-in-time recovery; refused with deletion_protection."""
    deletion_protection: bool = True
    """The database, and with it the key, has to be unprotected before it can be destroyed:
    docs/runbooks/stores.md."""
    final_snapshot: bool = True
    """A database that is deleted leaves a snapshot, and its daily ones until they expire. The key is kept for
    them."""
    restore_from_snapshot: SnapshotName | None = None
    """A DB snapshot with which a new stack's database begins; name and admin_user are to be those it had. It
    may stay set; for a database that was not made from it, it is refused."""
    apply_immediately: bool = False
    """Changes that interrupt are made at once; otherwise in the maintenance window."""
    parameters: dict[ParameterName, Value] = field(default_factory=dict)
    """More parameters of the parameter group. max_connections counts in the connection budget."""
    existing: Section[ExistingDatabaseSettings] | None = None
    """A database that is there already, in place of one that the kit makes: docs/own-repository.md."""

    @property
    def short_storage(self) -> int:
        """GiB of free storage below which it counts as short: a tenth of what there was at first."""
        return max(2, self.allocated_storage // 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseArgs:
    """Its settings, and where it is."""

    settings: DatabaseSettings
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    common: Common


class Database(pulumi.ComponentResource):
    """An RDS instance that only TLS reaches, with a secret for its admin and one for the app's role.

    Makes: `aws.rds.SubnetGroup`, `ParameterGroup` and `Instance`; one `aws.cloudwatch.LogGroup` per log;
    `aws.iam.Role` and `RolePolicyAttachment` of enhanced monitoring; two `Secret`s; `random.RandomPassword`s
    for them and a `RandomId` that names the final snapshot.
    """

    address: pulumi.Output[str]
    port: pulumi.Output[int]
    database_name: str
    admin_user: str
    identifier: pulumi.Output[str] | None
    resource_id: pulumi.Output[str]
    """Changes when the database is recreated."""
    admin_secret_arn: pulumi.Output[str] | None
    app_secret_arn: pulumi.Output[str]
    """Both hold username, password, host, port and dbname."""
    app_role: str | None = APP_ROLE
    """The role that the migrations make for the app."""
    kms_key_arns: Sequence[str] = ()
    """That encrypt the secrets, besides the stack's."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Database", name, None, opts)
        self._name = name
        self._args = args
        settings = args.settings
        self._child = pulumi.ResourceOptions(parent=self)
        admin_password = password(f"{name}-admin-password", self._child)
        app_password = password(f"{name}-app-password", self._child)
        instance = self._instance(admin_password)

        self.address = instance.address
        self.port = instance.port
        self.database_name = settings.name
        self.admin_user = settings.admin_user
        self.identifier = instance.identifier
        self.resource_id = instance.resource_id
        self.admin_secret_arn = self._secret("admin", settings.admin_user, admin_password)
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
        name, args, settings = self._name, self._args, self._args.settings
        subnet_group = aws.rds.SubnetGroup(
            name, description=f"Data subnets of {name}", subnet_ids=args.subnet_ids, opts=self._child
        )
        parameter_group = aws.rds.ParameterGroup(
            name,
            description=f"Parameters of {name}",
            family=family(settings.engine_version),
            parameters=parameters(settings.parameters),
            opts=self._child,
        )
        snapshot = random.RandomId(
            f"{name}-final-snapshot",
            byte_length=4,
            # What replaces the database: each that is deleted leaves a snapshot of its own name.
            keepers={"database": settings.name, "admin_user": settings.admin_user},
            opts=self._child,
        )
        grows = settings.max_allocated_storage > settings.allocated_storage
        return aws.rds.Instance(
            name,
            identifier=name,
            engine="postgres",
            engine_version=settings.engine_version,
            auto_minor_version_upgrade=True,
            instance_class=settings.instance_class,
            storage_type="gp3",
            allocated_storage=settings.allocated_storage,
            max_allocated_storage=settings.max_allocated_storage if grows else None,
            storage_encrypted=True,
            # A restored database keeps the snapshot's key, which another key here would replace it for.
            kms_key_id=args.common.kms_key_arn if settings.restore_from_snapshot is None else None,
            snapshot_identifier=settings.restore_from_snapshot,
            multi_az=settings.multi_az,
            db_subnet_group_name=subnet_group.name,
            vpc_security_group_ids=[args.security_group_id],
            publicly_accessible=False,
            port=settings.port,
            db_name=settings.name,
            username=settings.admin_user,
            password=admin_password,
            iam_database_authentication_enabled=True,
            parameter_group_name=parameter_group.name,
            backup_retention_period=settings.backup_retention_days,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not settings.final_snapshot,
            deletion_protection=settings.deletion_protection,
            skip_final_snapshot=not settings.final_snapshot,
            final_snapshot_identifier=pulumi.Output.concat(f"{name}-final-", snapshot.hex),
            apply_immediately=settings.apply_immediately,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.common.kms_key_arn,
            monitoring_interval=MONITORING_INTERVAL,
            monitoring_role_arn=self._monitoring_role(),
            enabled_cloudwatch_logs_exports=LOGS,
            opts=pulumi.ResourceOptions.merge(
                protection(name, "database.deletion_protection", settings.deletion_protection),
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
                retention_in_days=self._args.common.log_retention_days,
                kms_key_id=self._args.common.kms_key_arn,
                opts=self._child,
            )
            for log in LOGS
        ]

    def _monitoring_role(self) -> pulumi.Output[str]:
        role = aws.iam.Role(
            f"{self._name}-monitoring",
            description="Lets RDS write enhanced-monitoring metrics",
            assume_role_policy=assumed_by("monitoring.rds.amazonaws.com", self._args.common.account_id),
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
                common=self._args.common,
            ),
            self._child,
        ).arn
