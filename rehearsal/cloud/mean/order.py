"""Lists in another order than the cloud's own, where AWS documents none. Pure."""

from typing import Any

from rehearsal.cloud.mean.freedoms import Freedom
from rehearsal.cloud.mean.mood import Mood

ORDERED = {
    # The newest first: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html
    ("autoscaling", "DescribeScalingActivities"),
    # By creation time: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeInstanceRefreshes.html
    ("autoscaling", "DescribeInstanceRefreshes"),
    # By time: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
    ("logs", "GetLogEvents"),
    ("logs", "FilterLogEvents"),
    ("logs", "DescribeLogStreams"),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html (ScanBy)
    ("cloudwatch", "GetMetricData"),
}
"""Operations whose lists have an order."""
INNER = {"Instances", "Tags", "TagList", "TagSet", "AvailabilityZones", "IpPermissions", "Associations"}
"""Lists inside the items that are sets by their meaning."""


def shuffle(answer: dict[str, Any], mood: Mood, *key: str | int) -> bool:
    """Puts the answer's lists of items into the seed's order; whether that is another one."""
    changed = False
    for name, value in answer.items():
        if isinstance(value, list) and len(value) > 1 and all(isinstance(item, dict | str) for item in value):
            ordered = sorted(
                value, key=lambda item: mood.between(0, 1, Freedom.OTHER_ORDER, *key, _name(item))
            )
            changed = changed or ordered != value
            answer[name] = ordered
        for item in answer[name] if isinstance(answer[name], list) else ():
            if isinstance(item, dict):
                inner = {member: item[member] for member in item.keys() & INNER}
                changed = shuffle(inner, mood, *key) or changed
                item.update(inner)
    return changed


def _name(item: dict[str, Any] | str) -> str:
    """What of an item stays the same from one answer to the next."""
    if isinstance(item, str):
        return item
    for name, value in item.items():
        if isinstance(value, str) and name.endswith(("Id", "Arn", "ARN", "Name", "Identifier", "Key", "arn")):
            return value
    return str(sorted(item))
