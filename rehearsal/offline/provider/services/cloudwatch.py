"""CloudWatch: alarms and dashboards. `logs` has the log groups."""

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Resource, Tags

ARN = "arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}"
PUT_ALARM = call("put_metric_alarm", whole=True)
PUT_DASHBOARD = call("put_dashboard", whole=True)

RESOURCES = [
    Resource(
        type="aws:cloudwatch/metricAlarm:MetricAlarm",
        service="cloudwatch",
        create=PUT_ALARM,
        id="name",
        read=(call("describe_alarms", "MetricAlarms[0]", AlarmNames=["{id}"]),),
        update=(PUT_ALARM,),
        delete=call("delete_alarms", AlarmNames=["{id}"]),
        fixed="name",
        names={"name": "AlarmName", "metricQueries": "Metrics"},
        state={"arn": "AlarmArn"},
        outputs="arn",
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
        name=AutoName(),
        tags=Tags(
            add=call("tag_resource", ResourceARN=ARN, Tags="{tags}"),
            remove=call("untag_resource", ResourceARN=ARN, TagKeys="{keys}"),
            read=call("list_tags_for_resource", "Tags", ResourceARN=ARN),
        ),
    ),
    Resource(
        type="aws:cloudwatch/dashboard:Dashboard",
        service="cloudwatch",
        create=PUT_DASHBOARD,
        id="dashboardName",
        read=(call("get_dashboard", DashboardName="{id}"),),
        update=(PUT_DASHBOARD,),
        delete=call("delete_dashboards", DashboardNames=["{id}"]),
        fixed="dashboardName",
        outputs="dashboardArn",
    ),
]
