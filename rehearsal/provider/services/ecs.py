"""ECS: clusters and task definitions."""

from rehearsal.provider.resource import AutoName, Resource, Tags, call

TAGS = Tags(
    add=call("tag_resource", resourceArn="{arn}", tags="{tags}"),
    remove=call("untag_resource", resourceArn="{arn}", tagKeys="{keys}"),
)

RESOURCES = [
    Resource(
        type="aws:ecs/cluster:Cluster",
        service="ecs",
        create=call("create_cluster"),
        id="cluster.clusterArn",
        read=(
            call(
                "describe_clusters",
                "clusters[?status != 'INACTIVE'] | [0]",
                clusters=["{id}"],
                include=["SETTINGS", "TAGS"],
            ),
        ),
        update=(call("update_cluster_settings", cluster="{id}"),),
        delete=call("delete_cluster", cluster="{id}"),
        fixed="name",
        names={"name": "clusterName"},
        state={"arn": "clusterArn"},
        outputs="arn",
        name=AutoName(),
        tags=TAGS,
    ),
    Resource(
        type="aws:ecs/taskDefinition:TaskDefinition",
        service="ecs",
        create=call("register_task_definition"),
        id="taskDefinition.family",
        read=(
            call(
                "describe_task_definition",
                "[merge(taskDefinition, {tags: tags})] | [?status == 'ACTIVE'] | [0]",
                # The newest, while it is being made.
                taskDefinition="{arn || id}",
                include=["TAGS"],
            ),
        ),
        delete=call("deregister_task_definition", taskDefinition="{arn}"),
        fixed="family requiresCompatibilities networkMode cpu memory executionRoleArn taskRoleArn containerDefinitions",
        state={
            "arn": "taskDefinitionArn",
            "revision": "revision",
            "arnWithoutRevision": "join('', ['arn:', Partition, ':ecs:', Region, ':', Account, ':task-definition/', family])",
        },
        outputs="arn arnWithoutRevision revision",
        tags=TAGS,
    ),
]
