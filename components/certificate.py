"""The certificate of a domain, proved through its Route 53 zone."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateArgs:
    """The name, and the zone that proves who owns it."""

    domain: str
    hosted_zone_id: str


class Certificate(pulumi.ComponentResource):
    """A certificate that renews itself for as long as its record stands.

    Makes: `aws.acm.Certificate`, `aws.route53.Record`, `aws.acm.CertificateValidation`.
    """

    arn: pulumi.Output[str]
    """Known once the certificate is issued."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Certificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        certificate = aws.acm.Certificate(name, domain_name=args.domain, validation_method="DNS", opts=child)
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
            opts=child,
        )
        self.arn = validation.certificate_arn
        self.register_outputs({"arn": self.arn})
