"""Only what says nothing is left out of an answer."""

from typing import Any

from rehearsal.cloud.judge.call import service_model
from rehearsal.cloud.mean.members import leave_out


def left(service: str, operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    leave_out(answer, service_model(service).operation_model(operation).output_shape)
    return answer


def test_empty_optional_members_are_left_out_at_any_depth() -> None:
    """Those that the model requires stay, and so do all that say something."""
    group = {"AutoScalingGroupName": "app", "DesiredCapacity": 0, "Instances": [], "Status": "", "MinSize": 1}
    answer = left("autoscaling", "DescribeAutoScalingGroups", {"AutoScalingGroups": [group]})
    assert answer == {
        "AutoScalingGroups": [{"AutoScalingGroupName": "app", "DesiredCapacity": 0, "MinSize": 1}]
    }
    assert left("ecs", "RunTask", {"tasks": [{"taskArn": "a"}], "failures": []}) == {
        "tasks": [{"taskArn": "a"}]
    }


def test_an_empty_value_of_a_tag_or_a_map_is_a_value() -> None:
    """Nothing is known of maps' keys."""
    tags = {"TagList": [{"Key": "Stage", "Value": ""}]}
    assert left("rds", "ListTagsForResource", {**tags}) == tags
    variables = {"taskDefinition": {"containerDefinitions": [{"dockerLabels": {"a": ""}}]}}
    assert left("ecs", "DescribeTaskDefinition", {**variables}) == variables
