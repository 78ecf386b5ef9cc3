"""Lists come in another order, the same one for as long as their pages are read."""

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.mean.mood import Mood
from rehearsal.cloud.mean.order import shuffle

ITEMS = st.lists(st.integers(0, 99), unique=True, max_size=9)


@given(numbers=ITEMS, tags=ITEMS, seed=st.integers(0, 999))
def test_the_order_is_the_seeds_whatever_it_was(numbers: list[int], tags: list[int], seed: int) -> None:
    """No item is lost, nor anything in one."""
    inner = [{"Key": str(tag), "Value": "v"} for tag in tags]
    items = [{"State": "new", "VpcId": f"vpc-{number}", "Tags": inner} for number in numbers]
    one: dict[str, Any] = {"Vpcs": deepcopy(items)}
    other: dict[str, Any] = {"Vpcs": deepcopy(items[::-1])}
    shuffle(one, Mood(seed), "ec2.DescribeVpcs")
    shuffle(other, Mood(seed), "ec2.DescribeVpcs")
    assert one == other
    assert {vpc["VpcId"] for vpc in one["Vpcs"]} == {vpc["VpcId"] for vpc in items}
    for vpc in one["Vpcs"]:
        assert sorted(tag["Key"] for tag in vpc["Tags"]) == sorted(map(str, tags))


def test_seeds_have_different_orders() -> None:
    """Of five items."""
    answers: list[dict[str, Any]] = [{"Names": list("abcde")} for _ in range(20)]
    changed = [shuffle(answer, Mood(seed), "sns.ListTopics") for seed, answer in enumerate(answers)]
    assert len({"".join(answer["Names"]) for answer in answers}) > 10
    assert changed == [answer["Names"] != list("abcde") for answer in answers]
