"""The application load balancer: the only way in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws
from pydantic import Field

from budgets import Timeline
from components.bucket import BALANCER_LOGS
from components.certificate import Certificate, CertificateArgs
from components.gates.aws_api import AwsApi
from components.naming import named
from components.ordering import after
from components.protection import protection
from components.values import Days, Port

SSL_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3, and 1.2 for clients that lack it (ELB.17)."""
HTTP, HTTPS = 80, 443
"""Their ports, which a URL need not name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadBalancerSettings:
    """The way in."""

    domain: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$")] | None = None
    """The app's name. With it, a certificate is made and validated in the hosted zone, HTTP is redirected to
    HTTPS. Without it everything is plain HTTP: refused where any deletion_protection says that the stack is
    production."""
    hosted_zone_id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]+$")] | None = None
    """The Route 53 zone that holds the domain, where it is proved and published."""
    certificate_arn: Annotated[str, Field(pattern=r"^arn:[a-z-]+:acm:\S+:certificate/\S+$")] | None = None
    """A certificate you have for the domain, instead of one made here."""
    http_port: Port = HTTP
    """Where plain HTTP is answered: 80, but in the rehearsal."""
    idle_timeout: Annotated[int, Field(ge=1, le=4000)] = 60
    """After so long without a byte the balancer closes a connection; at least app.longest_request. 1 to
    4000."""
    access_log_retention_days: Days = 90
    """How long the bucket keeps the log of each request."""
    deletion_protection: bool = True
    """A balancer that is protected must be unprotected before it can be destroyed."""

    @property
    def https(self) -> bool:
        """Whether there is a certificate, or is to be one."""
        return self.domain is not None or self.certificate_arn is not None

    @property
    def ports(self) -> tuple[int, ...]:
        """Where the world is answered."""
        return (self.http_port, HTTPS) if self.https else (self.http_port,)

    @property
    def published(self) -> bool:
        """Whether the stack itself makes the name lead to the balancer."""
        return self.domain is None or self.hosted_zone_id is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadBalancerArgs:
    """Where the balancer stands, and to whom it hands on."""

    settings: LoadBalancerSettings
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    app_port: int
    timeline: Timeline
    access_log_bucket: pulumi.Input[str]
    api: AwsApi


class LoadBalancer(pulumi.ComponentResource):
    """Hands requests to servers that say they are ready, round robin, without stickiness.

    Makes: `aws.lb.LoadBalancer`, `TargetGroup`, one `Listener` for HTTP, with a certificate another for
    HTTPS, and with a hosted zone an `aws.route53.Record` and, where none is given, a `Certificate`.
    """

    arn_suffix: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    """AWS's own name of it."""
    url: pulumi.Output[str]
    target_group_arn: pulumi.Output[str]
    """Known once the balancer hands requests to it: health checks only then begin."""
    target_group_arn_suffix: pulumi.Output[str]

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:LoadBalancer", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._balancer = self._load_balancer()
        self._target_group = self._app()
        certificate_arn = self._certificate_arn()
        listener = self._http() if certificate_arn is None else self._https(certificate_arn)
        settings = args.settings
        if settings.domain is not None and settings.hosted_zone_id is not None:
            self._publish(settings.domain, settings.hosted_zone_id)
        self.arn_suffix = self._balancer.arn_suffix
        self.dns_name = self._balancer.dns_name
        self.url = self._url()
        self.target_group_arn = after(self._target_group.arn, listener.arn)
        self.target_group_arn_suffix = self._target_group.arn_suffix
        self.register_outputs(
            {
                "arn_suffix": self.arn_suffix,
                "dns_name": self.dns_name,
                "url": self.url,
                "target_group_arn": self.target_group_arn,
                "target_group_arn_suffix": self.target_group_arn_suffix,
            }
        )

    def _certificate_arn(self) -> pulumi.Input[str] | None:
        """The one that was given, else one for the domain, else none: plain HTTP."""
        settings = self._args.settings
        if settings.certificate_arn is not None or settings.domain is None or settings.hosted_zone_id is None:
            return settings.certificate_arn
        return Certificate(
            f"{self._name}-certificate",
            CertificateArgs(
                domain=settings.domain, hosted_zone_id=settings.hosted_zone_id, api=self._args.api
            ),
            self._child,
        ).arn

    def _load_balancer(self) -> aws.lb.LoadBalancer:
        return aws.lb.LoadBalancer(
            self._name,
            load_balancer_type="application",
            internal=False,
            subnets=self._args.subnet_ids,
            security_groups=[self._args.security_group_id],
            idle_timeout=self._args.timeline.idle_timeout,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_deletion_protection=self._args.settings.deletion_protection,
            access_logs={
                "enabled": True,
                "bucket": self._args.access_log_bucket,
                "prefix": BALANCER_LOGS,
            },
            tags=named(self._name),
            opts=pulumi.ResourceOptions.merge(
                protection(
                    self._name, "load_balancer.deletion_protection", self._args.settings.deletion_protection
                ),
                self._child,
            ),
        )

    def _app(self) -> aws.lb.TargetGroup:
        check = self._args.timeline.health_check
        return aws.lb.TargetGroup(
            self._name,
            vpc_id=self._args.vpc_id,
            target_type="instance",
            protocol="HTTP",
            port=self._args.app_port,
            deregistration_delay=self._args.timeline.deregistration_delay,
            health_check={
                "protocol": "HTTP",
                "path": "/readyz",
                "matcher": "200",
                "interval": check.interval,
                "timeout": check.timeout,
                "healthy_threshold": check.healthy_threshold,
                "unhealthy_threshold": check.unhealthy_threshold,
            },
            tags=named(self._name),
            opts=self._child,
        )

    def _http(self) -> aws.lb.Listener:
        return aws.lb.Listener(
            f"{self._name}-http",
            load_balancer_arn=self._balancer.arn,
            protocol="HTTP",
            port=self._args.settings.http_port,
            default_actions=[{"type": "forward", "target_group_arn": self._target_group.arn}],
            opts=self._child,
        )

    def _https(self, certificate_arn: pulumi.Input[str]) -> aws.lb.Listener:
        """HTTPS, and HTTP that sends there (ELB.1)."""
        to_https: aws.lb.ListenerDefaultActionRedirectArgsDict = {
            "protocol": "HTTPS",
            "port": str(HTTPS),
            "status_code": "HTTP_301",
        }
        aws.lb.Listener(
            f"{self._name}-http",
            load_balancer_arn=self._balancer.arn,
            protocol="HTTP",
            port=self._args.settings.http_port,
            default_actions=[{"type": "redirect", "redirect": to_https}],
            opts=self._child,
        )
        return aws.lb.Listener(
            f"{self._name}-https",
            load_balancer_arn=self._balancer.arn,
            protocol="HTTPS",
            port=HTTPS,
            ssl_policy=SSL_POLICY,
            certificate_arn=certificate_arn,
            default_actions=[{"type": "forward", "target_group_arn": self._target_group.arn}],
            opts=self._child,
        )

    def _publish(self, domain: str, hosted_zone_id: str) -> None:
        aws.route53.Record(
            f"{self._name}-domain",
            zone_id=hosted_zone_id,
            name=domain,
            type="A",
            aliases=[
                {
                    "name": self._balancer.dns_name,
                    "zone_id": self._balancer.zone_id,
                    "evaluate_target_health": True,
                }
            ],
            opts=self._child,
        )

    def _url(self) -> pulumi.Output[str]:
        if self._args.settings.domain is not None:
            return pulumi.Output.from_input(f"https://{self._args.settings.domain}")
        port = "" if self._args.settings.http_port == HTTP else f":{self._args.settings.http_port}"
        return pulumi.Output.concat("http://", self._balancer.dns_name, port)
