"""ElastiCache: replication groups and their groups."""

from typing import Any

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Ready, Resource, SeveralCalls, Tags, Work
from rehearsal.offline.provider.services.rds import batches
from rehearsal.offline.provider.tags import by_arn


def tags(kind: str) -> Tags:
    """Tags of a resource by its ARN, which follows from its name."""
    return by_arn(f"arn:{{partition}}:elasticache:{{region}}:{{account}}:{kind}:{{id}}")


def change_parameters(work: Work) -> None:
    """Sets the parameters that differ, and resets those that the program no longer names."""
    old = {parameter["name"]: parameter["value"] for parameter in work.old.get("parameters") or []}
    new = {parameter["name"]: parameter["value"] for parameter in work.inputs.get("parameters") or []}
    for at in batches([name for name in old if name not in new]):
        work.api.reset_cache_parameter_group(
            CacheParameterGroupName=work.id,
            ParameterNameValues=[{"ParameterName": name, "ParameterValue": old[name]} for name in at],
        )
    for at in batches([name for name in new if new[name] != old.get(name)]):
        work.api.modify_cache_parameter_group(
            CacheParameterGroupName=work.id,
            ParameterNameValues=[{"ParameterName": name, "ParameterValue": new[name]} for name in at],
        )


def read_parameters(work: Work) -> dict[str, Any]:
    """What the group sets itself."""
    pages = work.api.get_paginator("describe_cache_parameters").paginate(
        CacheParameterGroupName=work.id, Source="user"
    )
    return {
        "Parameters": [
            {"Name": parameter["ParameterName"], "Value": parameter["ParameterValue"]}
            for page in pages
            for parameter in page.get("Parameters", [])
        ]
    }


def read_member(work: Work) -> dict[str, Any]:
    """What only the nodes show: version, port and the groups they are in."""
    (group,) = work.api.describe_replication_groups(ReplicationGroupId=work.id)["ReplicationGroups"]
    members = group.get("MemberClusters") or []
    if not members:
        return {}
    (member,) = work.api.describe_cache_clusters(CacheClusterId=members[0])["CacheClusters"]
    return {"Member": member, "NumCacheClusters": len(members)}


def change_size(work: Work) -> None:
    """More or fewer nodes; replicas are the nodes without the primary."""
    old, new = work.old["numCacheClusters"], work.inputs["numCacheClusters"]
    change = work.api.increase_replica_count if new > old else work.api.decrease_replica_count
    change(ReplicationGroupId=work.id, NewReplicaCount=new - 1, ApplyImmediately=True)


def change_token(work: Work) -> None:
    """Sets another token. `ROTATE`, the default, lets the old one in until the next change."""
    work.api.modify_replication_group(
        ReplicationGroupId=work.id,
        AuthToken=work.inputs["authToken"],
        AuthTokenUpdateStrategy=work.inputs.get("authTokenUpdateStrategy", "ROTATE"),
        ApplyImmediately=True,
    )


RESOURCES = [
    Resource(
        type="aws:elasticache/subnetGroup:SubnetGroup",
        service="elasticache",
        create=call("create_cache_subnet_group"),
        id="CacheSubnetGroup.CacheSubnetGroupName",
        read=(call("describe_cache_subnet_groups", "CacheSubnetGroups[0]", CacheSubnetGroupName="{id}"),),
        update=(call("modify_cache_subnet_group", whole=True, inputs="name description subnetIds"),),
        delete=call("delete_cache_subnet_group", CacheSubnetGroupName="{id}"),
        fixed="name",
        names={"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
        state={"arn": "ARN", "subnetIds": "Subnets[].SubnetIdentifier"},
        outputs="arn vpcId",
        defaults={"description": "Managed by Pulumi"},
        name=AutoName(lower=True),
        tags=tags("subnetgroup"),
    ),
    Resource(
        type="aws:elasticache/parameterGroup:ParameterGroup",
        service="elasticache",
        create=call("create_cache_parameter_group", inputs="name family description tags"),
        id="CacheParameterGroup.CacheParameterGroupName",
        read=(
            call(
                "describe_cache_parameter_groups", "CacheParameterGroups[0]", CacheParameterGroupName="{id}"
            ),
            SeveralCalls(run=read_parameters),
        ),
        update=(SeveralCalls(run=change_parameters, inputs="parameters"),),
        delete=call("delete_cache_parameter_group", CacheParameterGroupName="{id}"),
        fixed="name family description",
        names={"name": "CacheParameterGroupName", "family": "CacheParameterGroupFamily"},
        state={"arn": "ARN"},
        outputs="arn",
        defaults={"description": "Managed by Pulumi"},
        name=AutoName(lower=True),
        tags=tags("parametergroup"),
    ),
    Resource(
        type="aws:elasticache/replicationGroup:ReplicationGroup",
        service="elasticache",
        create=call("create_replication_group"),
        id="ReplicationGroup.ReplicationGroupId",
        read=(
            call("describe_replication_groups", "ReplicationGroups[0]", ReplicationGroupId="{id}"),
            SeveralCalls(run=read_member),
        ),
        update=(
            SeveralCalls(run=change_size, inputs="numCacheClusters"),
            SeveralCalls(run=change_token, inputs="authToken"),
            call(
                "modify_replication_group",
                ReplicationGroupId="{id}",
                ApplyImmediately="{applyImmediately}",
                inputs="autoMinorVersionUpgrade automaticFailoverEnabled description engine engineVersion "
                "maintenanceWindow multiAzEnabled nodeType notificationTopicArn parameterGroupName "
                "securityGroupIds "
                "snapshotRetentionLimit snapshotWindow transitEncryptionEnabled transitEncryptionMode",
            ),
        ),
        delete=call(
            "delete_replication_group",
            ReplicationGroupId="{id}",
            FinalSnapshotIdentifier="{finalSnapshotIdentifier}",
        ),
        fixed="replicationGroupId atRestEncryptionEnabled kmsKeyId subnetGroupName port snapshotArns "
        "snapshotName "
        "preferredCacheClusterAzs",
        local="applyImmediately authTokenUpdateStrategy finalSnapshotIdentifier",
        names={
            "description": "ReplicationGroupDescription",
            "nodeType": "CacheNodeType",
            "subnetGroupName": "CacheSubnetGroupName",
            "parameterGroupName": "CacheParameterGroupName",
            "maintenanceWindow": "PreferredMaintenanceWindow",
        },
        state={
            "arn": "ARN",
            "description": "Description",
            "automaticFailoverEnabled": "AutomaticFailover && contains(['enabled', 'enabling'], "
            "AutomaticFailover)",
            "multiAzEnabled": "MultiAZ && MultiAZ=='enabled'",
            "primaryEndpointAddress": "NodeGroups[0].PrimaryEndpoint.Address",
            "readerEndpointAddress": "NodeGroups[0].ReaderEndpoint.Address",
            "configurationEndpointAddress": "ConfigurationEndpoint.Address",
            "port": "NodeGroups[0].PrimaryEndpoint.Port",
            "memberClusters": "MemberClusters",
            "engineVersionActual": "Member.EngineVersion",
            "engineVersion": "starts_with(Member.EngineVersion, Inputs.engineVersion) && "
            "Inputs.engineVersion "
            "|| Member.EngineVersion",
            "parameterGroupName": "Member.CacheParameterGroup.CacheParameterGroupName",
            "subnetGroupName": "Member.CacheSubnetGroupName",
            "securityGroupIds": "Member.SecurityGroups[].SecurityGroupId",
        },
        outputs="arn primaryEndpointAddress readerEndpointAddress configurationEndpointAddress port "
        "memberClusters "
        "engineVersionActual clusterEnabled",
        defaults={"engine": "redis", "applyImmediately": False},
        name=AutoName(property="replicationGroupId", longest=40, lower=True),
        tags=tags("replicationgroup"),
        ready=Ready(when="Status=='available'", failed="Status=='create-failed'", says="Status"),
        lasting_delete=True,
        timeout=3600,
    ),
]
