"""ECS: clusters and task definitions."""

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Resource, Tags


def tags(arn: str) -> Tags:
    """ECS tags by ARN."""
    return Tags(
        add=call("tag_resource", resourceArn=arn, tags="{tags}"),
        remove=call("untag_resource", resourceArn=arn, tagKeys="{keys}"),
    )


TASK_ARN = "{taskDefinition.taskDefinitionArn || arn}"

RESOURCES = [
    Resource(
        type="aws:ecs/cluster:Cluster",
        service="ecs",
        create=call("create_cluster"),
        id="cluster.clusterArn",
        read=(
            call(
                "describe_clusters",
                "clusters[?status=='ACTIVE'] | [0]",
                clusters=["{id}"],
                include=["SETTINGS", "CONFIGURATIONS", "TAGS"],
            ),
        ),
        update=(
            call("update_cluster", cluster="{id}", inputs="settings configuration serviceConnectDefaults"),
        ),
        delete=call("delete_cluster", cluster="{id}"),
        fixed="name",
        names={"name": "clusterName"},
        state={"arn": "clusterArn"},
        outputs="arn",
        name=AutoName(),
        tags=tags("{id}"),
    ),
    Resource(
        type="aws:ecs/taskDefinition:TaskDefinition",
        service="ecs",
        create=call("register_task_definition"),
        id="taskDefinition.family",
        read=(
            call(
                "describe_task_definition",
                "[merge(taskDefinition, {tags: tags})][?status=='ACTIVE'] | [0]",
                taskDefinition=TASK_ARN,
                include=["TAGS"],
            ),
        ),
        delete=call("deregister_task_definition", taskDefinition="{arn}"),
        fixed="family containerDefinitions cpu memory networkMode executionRoleArn taskRoleArn "
        "requiresCompatibilities runtimePlatform ephemeralStorage volumes placementConstraints ipcMode "
        "pidMode "
        "proxyConfiguration enableFaultInjection",
        state={
            "arn": "taskDefinitionArn",
            "arnWithoutRevision": "join('', ['arn:', Partition, ':ecs:', Region, ':', Account, "
            "':task-definition/', family])",
        },
        outputs="arn arnWithoutRevision revision",
        tags=tags(TASK_ARN),
    ),
]
