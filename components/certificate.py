"""The certificate of a domain, proved through its Route 53 zone."""

from dataclasses import dataclass
from functools import partial

import pulumi
import pulumi_aws as aws

from components.gates.aws_api import AwsApi
from components.gates.gate import CheckHook, GateClosed

ISSUED_WITHIN = "15m"
"""A certificate whose record can be seen is issued within minutes. The provider would wait 75."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateArgs:
    """The name, and the zone that proves who owns it."""

    domain: str
    hosted_zone_id: str
    api: AwsApi


class Certificate(pulumi.ComponentResource):
    """A certificate that renews itself for as long as its record stands.

    Makes: `aws.acm.Certificate`, `aws.route53.Record`, `aws.acm.CertificateValidation`.
    """

    arn: pulumi.Output[str]
    """Known once the certificate is issued."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Certificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        zone = CheckHook(
            f"{name}-zone",
            partial(check_zone, api=args.api),
            {"domain": args.domain, "hosted_zone_id": args.hosted_zone_id},
        )
        certificate = aws.acm.Certificate(
            name,
            domain_name=args.domain,
            validation_method="DNS",
            opts=pulumi.ResourceOptions(parent=self, hooks=pulumi.ResourceHookBinding(before_create=[zone])),
        )
        proof = certificate.domain_validation_options[0]
        record = aws.route53.Record(
            f"{name}-proof",
            zone_id=args.hosted_zone_id,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=300,
            opts=child,
        )
        validation = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            opts=pulumi.ResourceOptions(
                parent=self, custom_timeouts=pulumi.CustomTimeouts(create=ISSUED_WITHIN)
            ),
        )
        self.arn = validation.certificate_arn
        self.register_outputs({"arn": self.arn})


def check_zone(*, domain: str, hosted_zone_id: str, api: AwsApi) -> None:
    """Refuses a zone in which the proof of the domain would never be seen; raises GateClosed."""
    zone = api.client("route53").get_hosted_zone(Id=hosted_zone_id)["HostedZone"]
    name = zone["Name"].rstrip(".")
    if domain != name and not domain.endswith(f".{name}"):
        why = f"that zone is {name}'s, and evenkeel:load_balancer.domain is {domain}"
    elif zone.get("Config", {}).get("PrivateZone"):
        why = "that zone is private: a certificate is proved in a public one"
    else:
        return
    raise GateClosed(
        f"evenkeel:load_balancer.hosted_zone_id is {hosted_zone_id}: {why}. Set the domain's own."
    )
