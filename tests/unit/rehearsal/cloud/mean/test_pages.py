"""Short pages lead through the whole list, once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.mean.pages import Paging, paging


def call(service: str, operation: str, **members: Any) -> JudgedCall:
    return JudgedCall(service=service, operation=operation, members=members)


def read_all(pages: Paging, answer: dict[str, list[int]], sizes: list[int]) -> list[int]:
    """What a client reads that follows the tokens."""
    found: list[int] = []
    members: dict[str, Any] = {}
    for size in [*sizes, *[1] * 100]:
        page: dict[str, Any] = {name: list(items) for name, items in answer.items()}
        start, inner = pages.start(members)
        pages.cut(page, start=start, inner=inner, size=size)
        found += [item for name in pages.lists for item in page.get(name, [])]
        if pages.output_token not in page:
            return found
        members = {pages.input_token: page[pages.output_token]}
    raise AssertionError("the tokens lead nowhere")


@given(
    alarms=st.lists(st.integers(), max_size=9),
    composites=st.lists(st.integers(), max_size=9),
    sizes=st.lists(st.integers(1, 3), max_size=9),
)
def test_a_client_that_follows_the_tokens_reads_all(
    alarms: list[int], composites: list[int], sizes: list[int]
) -> None:
    """Also where an operation lists two kinds of things."""
    pages = paging(call("cloudwatch", "DescribeAlarms"))
    assert pages is not None
    answer = {"MetricAlarms": alarms, "CompositeAlarms": composites}
    assert sorted(read_all(pages, answer, sizes)) == sorted(alarms + composites)


def test_the_clouds_own_next_page_comes_after_the_last_short_one() -> None:
    """Its token is kept inside of ours."""
    pages = paging(call("autoscaling", "DescribeScalingActivities"))
    assert pages is not None
    answer: dict[str, Any] = {"Activities": [1, 2], "NextToken": "theirs"}
    assert pages.cut(answer, start=0, inner="before", size=1)
    assert answer["NextToken"] == "mean:1:before"
    assert pages.start({"NextToken": "mean:1:before"}) == (1, "before")
    answer = {"Activities": [1, 2], "NextToken": "theirs"}
    pages.cut(answer, start=1, inner="before", size=1)
    assert answer == {"Activities": [2], "NextToken": "theirs"}
    assert pages.start({"NextToken": "theirs"}) == (0, "theirs")


def test_what_is_asked_for_by_id_comes_as_a_whole() -> None:
    """EC2 takes MaxResults or ids. Operations without pages have none here either."""
    assert paging(call("ec2", "DescribeVpcs", VpcIds=["vpc-1"])) is None
    assert paging(call("ec2", "DescribeVpcs")) is not None
    assert paging(call("elbv2", "DescribeTargetHealth")) is None
