"""CloudWatch: alarms and dashboards."""

from rehearsal.provider.resource import AutoName, Resource, Tags, call

RESOURCES = [
    Resource(
        type="aws:cloudwatch/metricAlarm:MetricAlarm",
        service="cloudwatch",
        create=call("put_metric_alarm"),
        id="name",
        read=(call("describe_alarms", "MetricAlarms[0]", AlarmNames=["{id}"]),),
        update=(call("put_metric_alarm", whole=True),),
        delete=call("delete_alarms", AlarmNames=["{id}"]),
        fixed="name",
        names={"name": "AlarmName"},
        state={"arn": "AlarmArn", "okActions": "OKActions"},
        outputs="arn",
        name=AutoName(),
        tags=Tags(
            add=call("tag_resource", ResourceARN="{arn}", Tags="{tags}"),
            remove=call("untag_resource", ResourceARN="{arn}", TagKeys="{keys}"),
            read=call(
                "list_tags_for_resource",
                "Tags",
                ResourceARN="arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}",
            ),
        ),
    ),
    Resource(
        type="aws:cloudwatch/dashboard:Dashboard",
        service="cloudwatch",
        create=call("put_dashboard"),
        id="dashboardName",
        read=(call("get_dashboard", DashboardName="{id}"),),
        update=(call("put_dashboard", whole=True),),
        delete=call("delete_dashboards", DashboardNames=["{id}"]),
        fixed="dashboardName",
        outputs="dashboardArn",
    ),
]
