"""ElastiCache: replication groups, and the groups they are in."""

from typing import Any

from rehearsal.provider.resource import AutoName, Ready, Resource, Step, call
from rehearsal.provider.tags import by_arn
from rehearsal.provider.work import Work


def tags(kind: str) -> Any:
    """Tags of a resource whose ARN ends in `KIND:ID`."""
    return by_arn(f"arn:{{partition}}:elasticache:{{region}}:{{account}}:{kind}:{{id}}", shown_as="TagList")


def apply_parameters(work: Work) -> None:
    """Sets what is new or different, resets what is left out."""
    old = {each["name"]: each["value"] for each in work.old.get("parameters", [])}
    new = {each["name"]: each["value"] for each in work.inputs.get("parameters", [])}
    fresh = {name: value for name, value in new.items() if old.get(name) != value}
    stale = {name: value for name, value in old.items() if name not in new}
    for operation, parameters in (
        ("modify_cache_parameter_group", fresh),
        ("reset_cache_parameter_group", stale),
    ):
        if parameters:
            getattr(work.api, operation)(
                CacheParameterGroupName=work.id,
                ParameterNameValues=[
                    {"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()
                ],
            )


def change_replicas(work: Work) -> None:
    """Adds replicas or takes them away; the primary is not one."""
    old, new = work.old.get("numCacheClusters", 1), work.inputs.get("numCacheClusters", 1)
    operation = work.api.increase_replica_count if new > old else work.api.decrease_replica_count
    operation(ReplicationGroupId=work.id, NewReplicaCount=new - 1, ApplyImmediately=True)


RESOURCES = [
    Resource(
        type="aws:elasticache/subnetGroup:SubnetGroup",
        service="elasticache",
        create=call("create_cache_subnet_group"),
        id="CacheSubnetGroup.CacheSubnetGroupName",
        read=(call("describe_cache_subnet_groups", "CacheSubnetGroups[0]", CacheSubnetGroupName="{id}"),),
        update=(
            call(
                "modify_cache_subnet_group",
                whole=True,
                inputs="description subnetIds",
                CacheSubnetGroupName="{id}",
            ),
        ),
        delete=call("delete_cache_subnet_group", CacheSubnetGroupName="{id}"),
        fixed="name",
        names={"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
        state={"subnetIds": "Subnets[].SubnetIdentifier", "arn": "ARN"},
        outputs="arn vpcId",
        defaults={"description": "Managed by Pulumi"},
        name=AutoName(lower=True),
        tags=tags("subnetgroup"),
    ),
    Resource(
        type="aws:elasticache/parameterGroup:ParameterGroup",
        service="elasticache",
        create=call("create_cache_parameter_group"),
        id="CacheParameterGroup.CacheParameterGroupName",
        read=(
            call(
                "describe_cache_parameter_groups",
                "CacheParameterGroups[0]",
                CacheParameterGroupName="{id}",
            ),
            call(
                "describe_cache_parameters",
                "{Parameters: Parameters}",
                CacheParameterGroupName="{id}",
                Source="user",
            ),
        ),
        update=(Step(run=apply_parameters, inputs="parameters"),),
        delete=call("delete_cache_parameter_group", CacheParameterGroupName="{id}"),
        fixed="name family description",
        names={
            "name": "CacheParameterGroupName",
            "family": "CacheParameterGroupFamily",
            "parameters.name": "ParameterName",
            "parameters.value": "ParameterValue",
        },
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
            # What only its members tell; the first is always called so.
            call(
                "describe_cache_clusters",
                "CacheClusters[0].{Engine: Engine, EngineVersion: EngineVersion, AutoMinorVersionUpgrade: AutoMinorVersionUpgrade, "
                "CacheSubnetGroupName: CacheSubnetGroupName, SecurityGroups: SecurityGroups, "
                "CacheParameterGroupName: CacheParameterGroup.CacheParameterGroupName}",
                CacheClusterId="{id}-001",
            ),
        ),
        update=(
            call(
                "modify_replication_group",
                inputs="description nodeType engineVersion autoMinorVersionUpgrade multiAzEnabled automaticFailoverEnabled "
                "securityGroupIds parameterGroupName snapshotRetentionLimit",
                ReplicationGroupId="{id}",
                ApplyImmediately="{applyImmediately}",
            ),
            call(
                "modify_replication_group",
                inputs="authToken",
                ReplicationGroupId="{id}",
                AuthToken="{authToken}",
                AuthTokenUpdateStrategy="ROTATE",
                ApplyImmediately=True,
            ),
            Step(run=change_replicas, inputs="numCacheClusters"),
        ),
        delete=call("delete_replication_group", ReplicationGroupId="{id}"),
        fixed="replicationGroupId engine subnetGroupName port transitEncryptionEnabled atRestEncryptionEnabled kmsKeyId",
        local="applyImmediately",
        names={
            "description": "ReplicationGroupDescription",
            "nodeType": "CacheNodeType",
            "subnetGroupName": "CacheSubnetGroupName",
            "parameterGroupName": "CacheParameterGroupName",
        },
        state={
            "arn": "ARN",
            "description": "Description",
            "numCacheClusters": "length(MemberClusters)",
            "memberClusters": "MemberClusters",
            "automaticFailoverEnabled": "starts_with(AutomaticFailover, 'enabl')",
            "multiAzEnabled": "MultiAZ == 'enabled'",
            "securityGroupIds": "SecurityGroups[].SecurityGroupId",
            "port": "NodeGroups[0].PrimaryEndpoint.Port",
            "primaryEndpointAddress": "NodeGroups[0].PrimaryEndpoint.Address",
            "readerEndpointAddress": "NodeGroups[0].ReaderEndpoint.Address",
            "engineVersionActual": "EngineVersion",
            # A program that says 7.1 means any 7.1.
            "engineVersion": "Inputs.engineVersion && starts_with(EngineVersion, Inputs.engineVersion) "
            "&& Inputs.engineVersion || EngineVersion",
        },
        outputs="arn memberClusters primaryEndpointAddress readerEndpointAddress engineVersionActual",
        tags=tags("replicationgroup"),
        ready=Ready(when="Status == 'available'", says="Status", failed="Status == 'create-failed'"),
        lasting_delete=True,
        timeout=3600,
    ),
]
