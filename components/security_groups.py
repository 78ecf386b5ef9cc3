"""Who may talk to whom: a security group a role, each rule naming its peer."""

from dataclasses import dataclass
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.naming import named

WORLD = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityGroupsArgs:
    """The ports that the roles listen on."""

    vpc_id: pulumi.Input[str]
    balancer_ports: tuple[int, ...]
    app_port: int
    database_port: int
    redis_port: int


class Port(TypedDict):
    """One TCP port, as a rule wants it."""

    ip_protocol: str
    from_port: int
    to_port: int


class SecurityGroups(pulumi.ComponentResource):
    """The groups of balancer, app, database, Redis and the migrations task.

    Makes: an `aws.ec2.SecurityGroup` per role; `aws.vpc.SecurityGroupEgressRule` and
    `SecurityGroupIngressRule` for each pair that talks.
    """

    balancer: pulumi.Output[str]
    app: pulumi.Output[str]
    database: pulumi.Output[str]
    redis: pulumi.Output[str]
    migrations: pulumi.Output[str]

    def __init__(
        self, name: str, args: SecurityGroupsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("evenkeel:index:SecurityGroups", name, None, opts)
        self._name = name
        self._vpc_id = args.vpc_id
        self._child = pulumi.ResourceOptions(parent=self)
        self.balancer = self._group("balancer", "Takes requests from the world")
        self.app = self._group("app", "Runs the app")
        self.database = self._group("database", "Answers the app and the migrations")
        self.redis = self._group("redis", "Answers the app")
        self.migrations = self._group("migrations", "Changes the schema of the database")

        for port in args.balancer_ports:
            self._from_world("balancer", self.balancer, port, f"Requests on port {port}")
        self._allow("balancer", self.balancer, "app", self.app, args.app_port)
        self._allow("app", self.app, "database", self.database, args.database_port)
        self._allow("app", self.app, "redis", self.redis, args.redis_port)
        self._allow("migrations", self.migrations, "database", self.database, args.database_port)
        # Amazon Linux' packages, the AWS API, the CA bundle, whatever the app calls.
        self._to_world("app", self.app, 443, "HTTPS to the AWS API and services the app uses")
        self._to_world("migrations", self.migrations, 443, "HTTPS to the AWS API")
        self.register_outputs(
            {
                "balancer": self.balancer,
                "app": self.app,
                "database": self.database,
                "redis": self.redis,
                "migrations": self.migrations,
            }
        )

    def _group(self, role: str, description: str) -> pulumi.Output[str]:
        name = f"{self._name}-{role}"
        return aws.ec2.SecurityGroup(
            name, vpc_id=self._vpc_id, description=description, tags=named(name), opts=self._child
        ).id

    def _allow(
        self,
        source: str,
        source_id: pulumi.Output[str],
        target: str,
        target_id: pulumi.Output[str],
        port: int,
    ) -> None:
        """Both ends of one way: out of the source, into the target."""
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{source}-to-{target}",
            security_group_id=source_id,
            referenced_security_group_id=target_id,
            description=f"From {source} to {target}",
            **tcp(port),
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{target}-from-{source}",
            security_group_id=target_id,
            referenced_security_group_id=source_id,
            description=f"To {target} from {source}",
            **tcp(port),
            opts=self._child,
        )

    def _from_world(self, role: str, group_id: pulumi.Output[str], port: int, description: str) -> None:
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{role}-{port}-from-world",
            security_group_id=group_id,
            cidr_ipv4=WORLD,
            description=description,
            **tcp(port),
            opts=self._child,
        )

    def _to_world(self, role: str, group_id: pulumi.Output[str], port: int, description: str) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{role}-{port}-to-world",
            security_group_id=group_id,
            cidr_ipv4=WORLD,
            description=description,
            **tcp(port),
            opts=self._child,
        )


def tcp(port: int) -> Port:
    """One TCP port."""
    return {"ip_protocol": "tcp", "from_port": port, "to_port": port}
