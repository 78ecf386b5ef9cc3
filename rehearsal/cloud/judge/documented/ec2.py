"""EC2."""

import base64
import binascii
import ipaddress

from rehearsal.cloud.judge.documented.rule import ValueRule, holds, matches, within

_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
_ERRORS = f"{_EC2}/errors-overview.html"
_GROUP_RULES = "ec2 AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress"
_USER_DATA_BYTES = 16 * 1024
_CHARACTERS = r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}"
_SAYS_CHARACTERS = (
    "Invalid rule description. Valid descriptions are strings less than 256 characters from the following"
    " set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _bytes(text: str) -> int:
    return len(base64.b64decode(text)) if _is_base64(text) else 0


def _is_protocol(text: str) -> bool:
    names = ("tcp", "udp", "icmp", "icmpv6", "all", "-1")
    return text.lower() in names or (text.isdecimal() and int(text) <= 255)


_TAGGED = (
    "CreateVpc CreateSubnet CreateInternetGateway CreateNatGateway CreateRouteTable CreateSecurityGroup"
    " CreateVpcEndpoint AllocateAddress CreateFlowLogs RunInstances CreateVolume"
)

EC2 = (
    *(
        ValueRule(
            operations=f"ec2 {operations}",
            member=f"{member}.*",
            check=holds(
                lambda specification: bool(specification.get("ResourceType")),
                "Tag specification resource type must have a value",
            ),
            page=f"{_EC2}/API_TagSpecification.html",
        )
        for operations, member in (
            (_TAGGED, "TagSpecifications"),
            ("CreateLaunchTemplate CreateLaunchTemplateVersion", "LaunchTemplateData.TagSpecifications"),
            ("CreateLaunchTemplate CreateLaunchTemplateVersion", "TagSpecifications"),
        )
    ),
    ValueRule(
        operations="ec2 CreateSecurityGroup",
        member="GroupName",
        check=holds(lambda name: not name.startswith("sg-"), "Group names may not be in the format sg-*."),
        page=f"{_EC2}/API_CreateSecurityGroup.html",
    ),
    *(
        ValueRule(
            operations=f"ec2 {operations}",
            member=member,
            check=holds(_is_range, "CIDR block {value} is malformed"),
            page=_ERRORS,
        )
        for operations, member in (
            ("CreateVpc CreateSubnet", "CidrBlock"),
            ("CreateRoute ReplaceRoute DeleteRoute", "DestinationCidrBlock"),
            (_GROUP_RULES.removeprefix("ec2 "), "IpPermissions.*.IpRanges.*.CidrIp"),
            (_GROUP_RULES.removeprefix("ec2 "), "IpPermissions.*.Ipv6Ranges.*.CidrIpv6"),
        )
    ),
    *(
        ValueRule(
            operations=_GROUP_RULES,
            member=f"IpPermissions.*.{peers}.*.Description",
            check=matches(_CHARACTERS, _SAYS_CHARACTERS),
            page=f"{_EC2}/API_IpRange.html",
        )
        for peers in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
    ),
    *(
        ValueRule(
            operations=_GROUP_RULES,
            member=f"IpPermissions.*.{port}",
            check=within(-1, 65535),
            page=f"{_EC2}/API_IpPermission.html",
        )
        for port in ("FromPort", "ToPort")
    ),
    ValueRule(
        operations=_GROUP_RULES,
        member="IpPermissions.*.IpProtocol",
        check=holds(_is_protocol, "Unsupported IP protocol '{value}'"),
        page=f"{_EC2}/API_IpPermission.html",
    ),
    *(
        ValueRule(
            operations="ec2 CreateTags",
            member=f"Tags.*.{part}",
            check=check,
            page="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions",
        )
        for part, check in (
            ("Key", holds(lambda key: not key.lower().startswith("aws:"), "aws: is for AWS's own tags.")),
            ("Key", holds(lambda key: len(key) <= 128, "Tag key exceeds 128 characters.")),
            ("Value", holds(lambda value: len(value) <= 256, "Tag value exceeds 256 characters.")),
        )
    ),
    *(
        ValueRule(operations=f"ec2 {operations}", member=member, check=check, code=code, page=page)
        for operations, member, too_long in (
            (
                "CreateLaunchTemplate CreateLaunchTemplateVersion",
                "LaunchTemplateData.UserData",
                "InvalidUserData.Malformed",
            ),
            ("RunInstances", "UserData", "InvalidParameterValue"),
        )
        for check, code, page in (
            (
                holds(_is_base64, "Invalid BASE64 encoding of user data."),
                "InvalidUserData.Malformed",
                _ERRORS,
            ),
            (
                holds(lambda text: _bytes(text) <= _USER_DATA_BYTES, "User data is limited to 16384 bytes"),
                too_long,
                "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html",
            ),
        )
    ),
    ValueRule(
        operations="ec2 CreateLaunchTemplate",
        member="LaunchTemplateName",
        check=matches(r"[a-zA-Z0-9().\-/_]{3,128}", "The launch template name is invalid."),
        code="InvalidLaunchTemplateName.MalformedException",
        page=_ERRORS,
    ),
    ValueRule(
        operations="ec2 CreateLaunchTemplate CreateLaunchTemplateVersion",
        member="LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit",
        check=within(1, 64),
        page=f"{_EC2}/API_LaunchTemplateInstanceMetadataOptionsRequest.html",
    ),
    ValueRule(
        operations="ec2 RunInstances",
        member="MetadataOptions.HttpPutResponseHopLimit",
        check=within(1, 64),
        page=f"{_EC2}/API_InstanceMetadataOptionsRequest.html",
    ),
    ValueRule(
        operations="ec2 TerminateInstances StopInstances StartInstances RebootInstances",
        member="InstanceIds.*",
        check=matches(r"i-([0-9a-f]{8}|[0-9a-f]{17})", 'Invalid id: "{value}" (expecting "i-...")'),
        code="InvalidInstanceID.Malformed",
        page=_ERRORS,
    ),
)
