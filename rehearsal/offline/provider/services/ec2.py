"""EC2: security groups and launch templates. `vpc` has the network."""

from typing import Any

from rehearsal.offline.provider.call import ApiCall, call
from rehearsal.offline.provider.resource import AutoName, Resource, SeveralCalls, Work
from rehearsal.offline.provider.tags import EC2


def arn(kind: str) -> str:
    """JMESPath for the ARN of an EC2 resource, which EC2's own answers often leave out."""
    return f"join('', ['arn:', Partition, ':ec2:', Region, ':', Account, ':{kind}/', Id])"


def tagged(kind: str) -> list[dict[str, str]]:
    """Tags as creating calls take them."""
    return [{"ResourceType": kind, "Tags": "{tags}"}]


EVERYTHING_OUT = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
CREATE_GROUP = call("create_security_group", TagSpecifications=tagged("security-group"))


def create_group(work: Work) -> dict[str, Any]:
    """A group without rules: the official provider too takes away the one that EC2 adds."""
    created: dict[str, Any] = work.do(CREATE_GROUP, work.inputs)
    work.api.revoke_security_group_egress(GroupId=created["GroupId"], IpPermissions=[EVERYTHING_OUT])
    return created


def adopt_default_group(work: Work) -> dict[str, Any]:
    """A VPC's default group always exists; managing it means to empty it."""
    if work.inputs.get("ingress") or work.inputs.get("egress"):
        raise ValueError(
            "'ingress' and 'egress' of a default security group can only be empty in the rehearsal's provider"
        )
    (group,) = work.api.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [work.inputs["vpcId"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"]
    if group.get("IpPermissions"):
        work.api.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    if group.get("IpPermissionsEgress"):
        work.api.revoke_security_group_egress(
            GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"]
        )
    return {"GroupId": str(group["GroupId"])}


def security_group_rule(direction: str) -> Resource:
    """The rules in and out differ in name only."""
    peer = {
        "IpRanges": [{"CidrIp": "{cidrIpv4}", "Description": "{description}"}],
        "Ipv6Ranges": [{"CidrIpv6": "{cidrIpv6}", "Description": "{description}"}],
        "PrefixListIds": [{"PrefixListId": "{prefixListId}", "Description": "{description}"}],
        "UserIdGroupPairs": [{"GroupId": "{referencedSecurityGroupId}", "Description": "{description}"}],
    }
    permission = {"IpProtocol": "{ipProtocol}", "FromPort": "{fromPort}", "ToPort": "{toPort}", **peer}
    rule = {
        "IpProtocol": "{ipProtocol}",
        "FromPort": "{fromPort}",
        "ToPort": "{toPort}",
        "CidrIpv4": "{cidrIpv4}",
        "CidrIpv6": "{cidrIpv6}",
        "PrefixListId": "{prefixListId}",
        "ReferencedGroupId": "{referencedSecurityGroupId}",
        "Description": "{description}",
    }
    return Resource(
        type=f"aws:vpc/securityGroup{direction.title()}Rule:SecurityGroup{direction.title()}Rule",
        service="ec2",
        create=call(
            f"authorize_security_group_{direction}",
            GroupId="{securityGroupId}",
            IpPermissions=[permission],
            TagSpecifications=tagged("security-group-rule"),
        ),
        id="SecurityGroupRules[0].SecurityGroupRuleId",
        read=(call("describe_security_group_rules", "SecurityGroupRules[0]", SecurityGroupRuleIds=["{id}"]),),
        update=(
            call(
                "modify_security_group_rules",
                GroupId="{securityGroupId}",
                SecurityGroupRules=[{"SecurityGroupRuleId": "{id}", "SecurityGroupRule": rule}],
                whole=True,
            ),
        ),
        delete=call(
            f"revoke_security_group_{direction}", GroupId="{securityGroupId}", SecurityGroupRuleIds=["{id}"]
        ),
        fixed="securityGroupId",
        names={"securityGroupId": "GroupId", "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId"},
        state={"arn": arn("security-group-rule"), "securityGroupRuleId": "Id"},
        outputs="arn securityGroupRuleId",
        tags=EC2,
    )


TEMPLATE_DATA = (
    "blockDeviceMappings capacityReservationSpecification cpuOptions creditSpecification description "
    "disableApiStop disableApiTermination ebsOptimized enclaveOptions hibernationOptions iamInstanceProfile "
    "imageId instanceInitiatedShutdownBehavior instanceMarketOptions instanceRequirements instanceType "
    "kernelId keyName licenseSpecifications maintenanceOptions metadataOptions monitoring networkInterfaces "
    "placement privateDnsNameOptions ramDiskId tagSpecifications userData vpcSecurityGroupIds"
)


def new_version(work: Work) -> None:
    """A template never changes: it gets a new version, and where that is wanted it becomes the default."""
    made = work.do(
        ApiCall(
            operation="create_launch_template_version",
            params={"LaunchTemplateId": "{id}"},
            inside="LaunchTemplateData",
            inputs=TEMPLATE_DATA,
            result="LaunchTemplateVersion.VersionNumber",
        ),
        work.inputs,
    )
    if work.inputs.get("updateDefaultVersion"):
        work.api.modify_launch_template(LaunchTemplateId=work.id, DefaultVersion=str(made))


RESOURCES = [
    Resource(
        type="aws:ec2/securityGroup:SecurityGroup",
        service="ec2",
        create=SeveralCalls(run=create_group, inputs="name description vpcId tags"),
        id="GroupId",
        read=(call("describe_security_groups", "SecurityGroups[0]", GroupIds=["{id}"]),),
        delete=call("delete_security_group", GroupId="{id}"),
        fixed="name description vpcId",
        local="revokeRulesOnDelete",
        names={"name": "GroupName"},
        state={"arn": arn("security-group")},
        outputs="arn ownerId",
        defaults={"description": "Managed by Pulumi"},
        name=AutoName(),
        tags=EC2,
    ),
    Resource(
        type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        service="ec2",
        create=SeveralCalls(run=adopt_default_group, inputs="vpcId ingress egress"),
        id="GroupId",
        read=(call("describe_security_groups", "SecurityGroups[0]", GroupIds=["{id}"]),),
        update=(SeveralCalls(run=adopt_default_group, inputs="ingress egress"),),
        delete=None,
        fixed="vpcId",
        names={"name": "GroupName", "ingress": "IpPermissions", "egress": "IpPermissionsEgress"},
        state={"arn": arn("security-group")},
        outputs="arn ownerId name description",
        tags=EC2,
    ),
    security_group_rule("ingress"),
    security_group_rule("egress"),
    Resource(
        type="aws:ec2/launchTemplate:LaunchTemplate",
        service="ec2",
        create=call(
            "create_launch_template",
            inside="LaunchTemplateData",
            TagSpecifications=tagged("launch-template"),
        ),
        id="LaunchTemplate.LaunchTemplateId",
        read=(
            call("describe_launch_templates", "LaunchTemplates[0]", LaunchTemplateIds=["{id}"]),
            call(
                "describe_launch_template_versions",
                "LaunchTemplateVersions[0].merge(LaunchTemplateData, {VersionDescription: "
                "VersionDescription})",
                LaunchTemplateId="{id}",
                Versions=["$Latest"],
            ),
        ),
        update=(SeveralCalls(run=new_version, inputs=TEMPLATE_DATA),),
        delete=call("delete_launch_template", LaunchTemplateId="{id}"),
        fixed="name",
        local="updateDefaultVersion",
        names={
            "name": "LaunchTemplateName",
            "description": "VersionDescription",
            "vpcSecurityGroupIds": "SecurityGroupIds",
            "networkInterfaces.securityGroups": "Groups",
        },
        state={
            "arn": arn("launch-template"),
            "latestVersion": "LatestVersionNumber",
            "defaultVersion": "DefaultVersionNumber",
            # moto shows the template's own tags among those of its instances.
            "tagSpecifications": "TagSpecifications[?ResourceType!='launch-template']",
        },
        outputs="arn latestVersion defaultVersion",
        volatile="latestVersion defaultVersion",
        name=AutoName(longest=125),
        tags=EC2,
    ),
]
