"""Pulumi's look-ups (`aws.get_availability_zones` and such), by token."""

from collections.abc import Callable

from rehearsal.offline.provider.cloud import ConfiguredCloud
from rehearsal.offline.provider.values import Properties


def availability_zones(cloud: ConfiguredCloud, arguments: Properties) -> Properties:
    """The region's zones."""
    filters = [
        {"Name": condition["name"], "Values": condition["values"]}
        for condition in arguments.get("filters", [])
    ]
    if "state" in arguments:
        filters.append({"Name": "state", "Values": [arguments["state"]]})
    zones = cloud.client("ec2", arguments.get("region")).describe_availability_zones(
        AllAvailabilityZones=arguments.get("allAvailabilityZones", False), Filters=filters
    )["AvailabilityZones"]
    excluded = {*arguments.get("excludeNames", []), *arguments.get("excludeZoneIds", [])}
    left = sorted(
        (zone for zone in zones if not {zone["ZoneName"], zone["ZoneId"]} & excluded),
        key=lambda zone: str(zone["ZoneName"]),
    )
    return {
        **arguments,
        "id": cloud.region,
        "region": arguments.get("region", cloud.region),
        "names": [zone["ZoneName"] for zone in left],
        "zoneIds": [zone["ZoneId"] for zone in left],
        "groupNames": sorted({zone.get("GroupName") or cloud.region for zone in left}),
    }


def parameter(cloud: ConfiguredCloud, arguments: Properties) -> Properties:
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


def secret(cloud: ConfiguredCloud, arguments: Properties) -> Properties:
    """A secret without its value."""
    region = arguments.get("region", cloud.region)
    name = arguments.get("arn") or arguments["name"]
    shown = cloud.client("secretsmanager", region).describe_secret(SecretId=name)
    return {
        "id": shown["ARN"],
        "arn": shown["ARN"],
        "region": region,
        "name": shown["Name"],
        "description": shown.get("Description", ""),
        "kmsKeyId": shown.get("KmsKeyId", ""),
        "tags": {tag["Key"]: tag["Value"] for tag in shown.get("Tags", [])},
    }


def secret_versions(cloud: ConfiguredCloud, arguments: Properties) -> Properties:
    """The ids of a secret's versions, and which is current."""
    region = arguments.get("region", cloud.region)
    listed = cloud.client("secretsmanager", region).list_secret_version_ids(SecretId=arguments["secretId"])
    return {
        **arguments,
        "id": listed["ARN"],
        "arn": listed["ARN"],
        "secretArn": listed["ARN"],
        "region": region,
        "name": listed["Name"],
        "secretName": listed["Name"],
        "versions": [
            {
                "versionId": each["VersionId"],
                "versionStages": each.get("VersionStages", []),
                "createdTime": str(each.get("CreatedDate", "")),
                "lastAccessedDate": str(each.get("LastAccessedDate", "")),
            }
            for each in listed["Versions"]
        ],
    }


def key(cloud: ConfiguredCloud, arguments: Properties) -> Properties:
    """A KMS key by its id, alias or ARN."""
    region = arguments.get("region", cloud.region)
    shown = cloud.client("kms", region).describe_key(KeyId=arguments["keyId"])["KeyMetadata"]
    return {
        **arguments,
        "id": shown["KeyId"],
        "region": region,
        "arn": shown["Arn"],
        "enabled": shown["Enabled"],
    }


def caller_identity(cloud: ConfiguredCloud, _: Properties) -> Properties:
    """Who calls."""
    caller = cloud.client("sts").get_caller_identity()
    return {
        "id": caller["Account"],
        "accountId": caller["Account"],
        "arn": caller["Arn"],
        "userId": caller["UserId"],
    }


FUNCTIONS: dict[str, Callable[[ConfiguredCloud, Properties], Properties]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": availability_zones,
    "aws:ssm/getParameter:getParameter": parameter,
    "aws:secretsmanager/getSecret:getSecret": secret,
    "aws:secretsmanager/getSecretVersions:getSecretVersions": secret_versions,
    "aws:kms/getKey:getKey": key,
    "aws:index/getCallerIdentity:getCallerIdentity": caller_identity,
}
