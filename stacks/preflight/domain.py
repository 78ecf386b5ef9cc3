"""Whether the domain's certificate is there, or can be had."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from components.certificate import check_zone
from components.gates.aws_api import AwsApi
from components.gates.gate import GateClosed
from stacks.preflight.target import Target


def domain(target: Target) -> Iterator[str]:
    """The hosted zone of one that is to be made; status and names of one that is given."""
    balancer = target.settings.load_balancer
    if balancer.domain is None:
        return
    if balancer.certificate_arn is not None:
        yield from certificate(target, balancer.certificate_arn, balancer.domain)
    elif balancer.hosted_zone_id is not None:
        yield from hosted_zone(target, balancer.hosted_zone_id, balancer.domain)


def hosted_zone(target: Target, zone_id: str, name: str) -> Iterator[str]:
    """It has to be there, public, and the domain's."""
    aws = target.settings.aws
    try:
        check_zone(domain=name, hosted_zone_id=zone_id, api=AwsApi(region=aws.region, endpoint=aws.endpoint))
    except GateClosed as error:
        yield str(error)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchHostedZone":
            raise
        yield (
            f"evenkeel:load_balancer.hosted_zone_id is {zone_id}: the account has no such zone. Set it to "
            "the domain's: aws route53 list-hosted-zones"
        )


def certificate(target: Target, arn: str, name: str) -> Iterator[str]:
    """It has to be here, issued, and for the domain."""
    setting = f"evenkeel:load_balancer.certificate_arn is {arn}"
    if (region := arn.split(":")[3]) != target.settings.aws.region:
        yield f"{setting}: the balancer is in {target.settings.aws.region}, not {region}. Set one from there"
        return
    try:
        described = target.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        yield f"{setting}: the account has no such certificate. Set another: aws acm list-certificates"
        return
    if described["Status"] != "ISSUED":
        yield f"{setting}: it is {described['Status']}. Have it issued first"
    names = {described["DomainName"], *described.get("SubjectAlternativeNames", [])}
    if not names & {name, f"*.{name.partition('.')[2]}"}:
        yield f"{setting}: it is for {', '.join(sorted(names))}, and evenkeel:load_balancer.domain is {name}"
