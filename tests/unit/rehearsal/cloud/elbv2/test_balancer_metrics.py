"""What HAProxy counts becomes an application load balancer's metrics."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.elbv2.balancer_metrics import BalancerTraffic, suffix, target_group_data
from rehearsal.cloud.elbv2.targets import RegisteredTarget

Rows = Mapping[tuple[str, str], Mapping[str, str]]


def row(requests: int, *, errors: int = 0, refused: int = 0, milliseconds: int = 0) -> dict[str, str]:
    """A line of `show stat`."""
    return {
        "stot": str(requests),
        "econ": str(refused),
        "hrsp_2xx": str(requests - errors),
        "hrsp_3xx": "",
        "hrsp_4xx": "0",
        "hrsp_5xx": str(errors),
        "rtime": str(milliseconds),
    }


def target(state: str) -> RegisteredTarget:
    """A target in that state."""
    return RegisteredTarget(id=state, address="127.1.0.1", port=3000, server=state, state=state)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20), st.data())
def test_nothing_is_counted_twice_and_nothing_is_lost(increments: list[int], data: st.DataObject) -> None:
    """However often it is looked at, and whenever HAProxy begins again."""
    traffic, shown, taken = BalancerTraffic(), 0, 0
    for more in increments:
        # A count that begins again is noticed when it is lower than before.
        shown = more if data.draw(st.booleans()) and more < shown else shown + more
        traffic.see({("group", "one"): row(shown), ("group", "BACKEND"): row(shown)})
        if data.draw(st.booleans()):
            taken += sum(tally.counts["stot"] for tally in traffic.take_tallies("group"))
    taken += sum(tally.counts["stot"] for tally in traffic.take_tallies("group"))
    assert taken == sum(increments)


def test_the_balancers_own_errors_are_those_that_no_target_gave() -> None:
    """A target's 5xx counts at its first byte, the listener's when the answer ends: the difference waits."""
    traffic = BalancerTraffic()
    traffic.see({("listener-80", "FRONTEND"): row(9, errors=4), ("group", "one"): row(9, errors=5)})
    assert traffic.take_own_errors() == 0
    traffic.see({("listener-80", "FRONTEND"): row(12, errors=7), ("group", "one"): row(9, errors=5)})
    assert traffic.take_own_errors() == 2
    assert traffic.take_own_errors() == 0


def test_names_dimensions_and_units_are_those_of_aws() -> None:
    """Per target group behind the balancer, and for the balancer alone; zeros of errors are left out."""
    traffic = BalancerTraffic()
    traffic.see({("group", "one"): row(30, errors=2, milliseconds=20), ("group", "two"): row(10)})
    targets = [target("healthy"), target("healthy"), target("unhealthy"), target("draining")]
    data = target_group_data("app/b/1", "targetgroup/t/2", traffic.take_tallies("group"), targets)
    both = {"TargetGroup": "targetgroup/t/2", "LoadBalancer": "app/b/1"}
    found = {
        (one["MetricName"], tuple(sorted(pair["Name"] for pair in one["Dimensions"]))): (
            one["StatisticValues"]["Sum"],
            one["Unit"],
        )
        for one in data
    }
    both_names, alone = tuple(sorted(both)), ("LoadBalancer",)
    assert found == {
        ("RequestCountPerTarget", ("TargetGroup",)): (20.0, "Count"),
        ("RequestCountPerTarget", both_names): (20.0, "Count"),
        ("HealthyHostCount", both_names): (2, "Count"),
        ("UnHealthyHostCount", both_names): (1, "Count"),
        ("RequestCount", both_names): (40, "Count"),
        ("RequestCount", alone): (40, "Count"),
        ("HTTPCode_Target_2XX_Count", both_names): (38, "Count"),
        ("HTTPCode_Target_2XX_Count", alone): (38, "Count"),
        ("HTTPCode_Target_5XX_Count", both_names): (2, "Count"),
        ("HTTPCode_Target_5XX_Count", alone): (2, "Count"),
        # The last of each, of the server that took no time.
        ("TargetResponseTime", both_names): (0.0, "Seconds"),
        ("TargetResponseTime", alone): (0.0, "Seconds"),
    }
    times = [one["StatisticValues"] for one in data if one["MetricName"] == "TargetResponseTime"]
    assert [(one["SampleCount"], one["Maximum"]) for one in times[:2]] == [(30, 0.02), (10, 0.0)]


def test_a_dimension_is_the_end_of_an_arn() -> None:
    """As in `arn_suffix`."""
    arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012"
    assert suffix(f"{arn}:loadbalancer/app/front/50dc6c495c0c9188") == "app/front/50dc6c495c0c9188"
    assert suffix(f"{arn}:targetgroup/app/943f017f100becff") == "targetgroup/app/943f017f100becff"
