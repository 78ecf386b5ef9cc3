"""Who may talk to whom: a security group a role, each rule naming its peer."""

from dataclasses import dataclass
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.naming import named

WORLD = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityGroupsArgs:
    """The ports that the roles listen on; None where the stack has no such store."""

    vpc_id: pulumi.Input[str]
    balancer_ports: tuple[int, ...]
    app_port: int
    database_port: int | None
    database_network: str | None = None
    """The CIDR block of a database that exists, and has groups of its own."""
    redis_port: int | None


class Port(TypedDict):
    """One TCP port, as a rule wants it."""

    ip_protocol: str
    from_port: int
    to_port: int


class SecurityGroups(pulumi.ComponentResource):
    """The groups of balancer, app, database, Redis and the migrations task, as far as the stack has them.

    Makes: an `aws.ec2.SecurityGroup` per role; `aws.vpc.SecurityGroupEgressRule` and
    `SecurityGroupIngressRule` for each pair that talks.
    """

    balancer: pulumi.Output[str]
    app: pulumi.Output[str]
    database: pulumi.Output[str] | None = None
    redis: pulumi.Output[str] | None = None
    migrations: pulumi.Output[str] | None = None

    def __init__(
        self, name: str, args: SecurityGroupsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("evenkeel:index:SecurityGroups", name, None, opts)
        self._name = name
        self._vpc_id = args.vpc_id
        self._child = pulumi.ResourceOptions(parent=self)
        self.balancer = self._group("balancer", "Takes requests from the world")
        self.app = self._group("app", "Runs the app")
        for port in args.balancer_ports:
            self._from_world("balancer", self.balancer, port, f"Requests on port {port}")
        self._allow("balancer", self.balancer, "app", self.app, args.app_port)
        # Amazon Linux' packages, the AWS API, the CA bundle, whatever the app calls.
        self._to("world", WORLD, ("app", self.app), 443, "HTTPS to the AWS API and services the app uses")
        if args.database_port is not None:
            self._open_database(args.database_port, args.database_network)
        if args.redis_port is not None:
            self.redis = self._group("redis", "Answers the app")
            self._allow("app", self.app, "redis", self.redis, args.redis_port)
        self.register_outputs(
            {
                "balancer": self.balancer,
                "app": self.app,
                "database": self.database,
                "redis": self.redis,
                "migrations": self.migrations,
            }
        )

    def _open_database(self, port: int, network: str | None) -> None:
        """To the app and the migrations: a group of the stack's, or the network of one that exists."""
        self.migrations = self._group("migrations", "Changes the schema of the database")
        self._to("world", WORLD, ("migrations", self.migrations), 443, "HTTPS to the AWS API")
        clients = {"app": self.app, "migrations": self.migrations}
        if network is None:
            self.database = self._group("database", "Answers the app and the migrations")
            for role, group in clients.items():
                self._allow(role, group, "database", self.database, port)
        else:
            for role, group in clients.items():
                self._to("database", network, (role, group), port, f"From {role} to the existing database")

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

    def _to(
        self,
        target: str,
        network: str,
        source: tuple[str, pulumi.Output[str]],
        port: int,
        description: str,
    ) -> None:
        role, group_id = source
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{role}-{port}-to-{target}",
            security_group_id=group_id,
            cidr_ipv4=network,
            description=description,
            **tcp(port),
            opts=self._child,
        )


def tcp(port: int) -> Port:
    """One TCP port."""
    return {"ip_protocol": "tcp", "from_port": port, "to_port": port}
