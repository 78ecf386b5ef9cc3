"""A PostgreSQL database that somebody else made, and keeps: an RDS instance, an Aurora cluster."""

from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws
from pydantic import Field

from components.app_secrets import key_of_existing
from components.secret_arn import SECRET_ARN
from components.values import Network, Text

OfSecret = Annotated[str, Field(pattern=f"^{SECRET_ARN}$")]
"""A whole secret in Secrets Manager."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingDatabaseSettings:
    """How the app reaches a database that exists; the kit changes nothing of it but its schema.

    What it is, name, port, admin_user, instance_class and allocated_storage of `database` say.
    """

    address: Text
    """Its host name, for which its certificate is."""
    network: Network
    """The CIDR block in which it is, and which servers may reach at database.port. That there is a way, such
    as VPC peering, and that its own security group lets them in, is the program's or somebody else's work."""
    app_secret: OfSecret
    """ARN of the secret that holds username and password of the app's role, as JSON."""
    admin_secret: OfSecret | None = None
    """The same of database.admin_user, who applies the migrations; null leaves them to somebody else."""
    identifier: Text | None = None
    """The name of the RDS instance: then the kit's alarms watch it, and an index is built only where there is
    storage for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingDatabaseArgs:
    """What is set of it."""

    settings: ExistingDatabaseSettings
    port: int
    database_name: str
    admin_user: str


class ExistingDatabase:
    """What `Database` says of its own, of one that exists. Looks up its secrets without reading their values.

    Raises Pulumi's error of the look-up where a secret is not there.
    """

    address: pulumi.Output[str]
    port: pulumi.Output[int]
    database_name: str
    admin_user: str
    identifier: pulumi.Output[str] | None
    """None where nothing of RDS is known."""
    resource_id: pulumi.Output[str]
    """Its address: behind another one is another database."""
    admin_secret_arn: pulumi.Output[str] | None
    """None where somebody else applies the migrations."""
    app_secret_arn: pulumi.Output[str]
    app_role: None = None
    """Its app's role exists, so no migration makes it."""
    kms_key_arns: list[str]
    """That encrypt the secrets, where AWS' own does not."""

    def __init__(self, args: ExistingDatabaseArgs, provider: aws.Provider) -> None:
        settings = args.settings
        app, admin = settings.app_secret, settings.admin_secret
        self.address = self.resource_id = pulumi.Output.from_input(settings.address)
        self.port = pulumi.Output.from_input(args.port)
        self.database_name = args.database_name
        self.admin_user = args.admin_user
        self.identifier = pulumi.Output.from_input(settings.identifier) if settings.identifier else None
        self.app_secret_arn = pulumi.Output.from_input(app)
        self.admin_secret_arn = pulumi.Output.from_input(admin) if admin else None
        keys = {key_of_existing(arn, provider) for arn in (app, admin) if arn}
        self.kms_key_arns = sorted(key for key in keys if key)
