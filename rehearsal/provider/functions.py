"""Pulumi's look-ups (`aws.get_availability_zones` and such), by token."""

from collections.abc import Callable

from rehearsal.provider.cloud import Cloud
from rehearsal.provider.values import Properties


def availability_zones(cloud: Cloud, arguments: Properties) -> Properties:
    """The region's zones."""
    filters = [{"Name": each["name"], "Values": each["values"]} for each in arguments.get("filters", [])]
    if "state" in arguments:
        filters.append({"Name": "state", "Values": [arguments["state"]]})
    zones = cloud.client("ec2", arguments.get("region")).describe_availability_zones(
        AllAvailabilityZones=arguments.get("allAvailabilityZones", False), Filters=filters
    )["AvailabilityZones"]
    excluded = {*arguments.get("excludeNames", []), *arguments.get("excludeZoneIds", [])}
    left = sorted(
        (each for each in zones if not {each["ZoneName"], each["ZoneId"]} & excluded),
        key=lambda each: str(each["ZoneName"]),
    )
    return {
        **arguments,
        "id": cloud.region,
        "region": arguments.get("region", cloud.region),
        "names": [each["ZoneName"] for each in left],
        "zoneIds": [each["ZoneId"] for each in left],
        "groupNames": sorted({each.get("GroupName") or cloud.region for each in left}),
    }


def parameter(cloud: Cloud, arguments: Properties) -> Properties:
    """An SSM parameter, public ones included."""
    shown = cloud.client("ssm", arguments.get("region")).get_parameter(
        Name=arguments["name"], WithDecryption=arguments.get("withDecryption", True)
    )["Parameter"]
    return {
        **arguments,
        "id": shown["Name"],
        "arn": shown.get("ARN", ""),
        "region": arguments.get("region", cloud.region),
        "type": shown["Type"],
        "value": shown["Value"],
        "insecureValue": "" if shown["Type"] == "SecureString" else shown["Value"],
        "version": shown["Version"],
    }


def caller_identity(cloud: Cloud, arguments: Properties) -> Properties:
    """Who calls."""
    caller = cloud.client("sts").get_caller_identity()
    return {
        "id": caller["Account"],
        "accountId": caller["Account"],
        "arn": caller["Arn"],
        "userId": caller["UserId"],
    }


def region(cloud: Cloud, arguments: Properties) -> Properties:
    """The provider's region."""
    name = arguments.get("region") or cloud.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "endpoint": f"ec2.{name}.amazonaws.com",
        "description": name,
    }


def partition(cloud: Cloud, arguments: Properties) -> Properties:
    """The provider's partition."""
    suffix = "amazonaws.com.cn" if cloud.partition == "aws-cn" else "amazonaws.com"
    reverse = ".".join(reversed(suffix.split(".")))
    return {
        "id": cloud.partition,
        "partition": cloud.partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": reverse,
    }


FUNCTIONS: dict[str, Callable[[Cloud, Properties], Properties]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": availability_zones,
    "aws:ssm/getParameter:getParameter": parameter,
    "aws:index/getCallerIdentity:getCallerIdentity": caller_identity,
    "aws:index/getRegion:getRegion": region,
    "aws:index/getPartition:getPartition": partition,
}
