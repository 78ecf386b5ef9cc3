"""`python -m stacks timeline`: what is drawn, and what is refused."""

from pathlib import Path

import pytest

from stacks.__main__ import USAGE, main
from stacks.chart import WIDTH, bars, drawn
from stacks.settings import parse
from stacks.timeline_steps import TimelineStep, idle, shutdown, start


def test_the_documentation_shows_productions(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/timeline.md holds what the command prints."""
    assert main(["timeline", "prod"]) == 0
    shown = capsys.readouterr().out
    assert f"```\n{shown}```\n" in Path("docs/timeline.md").read_text(), "python -m stacks timeline prod"


@pytest.mark.parametrize("stack", ["dev", "local", "staging"])
def test_every_stack_can_be_drawn(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    """From its stack file."""
    assert main(["timeline", stack]) == 0
    assert capsys.readouterr().out.startswith(f"Stack {stack}: ")


def test_a_bar_lies_where_its_step_does() -> None:
    """To scale, and never invisible."""
    steps = [
        TimelineStep(name="a", begins=0, seconds=WIDTH, comes_from="x"),
        TimelineStep(name="b", begins=8, seconds=4, comes_from="y", written_to="z", depth=1),
        TimelineStep(name="c", begins=WIDTH, seconds=0, comes_from="w"),
    ]
    assert bars(steps) == [
        "a       32 s  |################################|  x     ",
        "  b      4 s  |        ####                    |  y -> z",
        "c        0 s  |                               #|  w     ",
    ]


def test_steps_within_a_step_end_before_it_does() -> None:
    """In each path, of a stack that uses all there is."""
    servers = {"on_demand_percentage": 20, "bake_time": 300}
    settings = parse({"app": {"drain": 3, "workers": 7}, "app_servers": servers})
    for path in (start(settings), shutdown(settings), idle(settings)):
        outer: list[TimelineStep] = []
        for step in path:
            outer = [*outer[: step.depth], step]
            assert all(around.begins <= step.begins and step.ends <= around.ends for around in outer), step


def test_what_a_stack_adds_is_drawn() -> None:
    """Spot's two minutes, the bake, the warm pool's connections."""
    assert "Spot's notice" in drawn("x", parse({"app_servers": {"on_demand_percentage": 0}}))
    assert "bake time" in drawn("x", parse({"app_servers": {"bake_time": 600}}))
    assert " + 2 of the warm pool) x 10 connections  460 of 660" in drawn(
        "x", parse({"app_servers": {"warm_pool_size": 2}})
    )


def test_a_stack_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that are."""
    assert main(["timeline", "pord"]) == 1
    assert capsys.readouterr().err == ("There is no stack pord: stacks/ has dev, local, prod, staging.\n")


def test_refused_settings_are_shown_instead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a preview would."""
    (tmp_path / "Pulumi.slow.yaml").write_text("config: {'evenkeel:app': {longest_request: 90}}")
    (tmp_path / "Pulumi.yaml").write_text("name: shop")
    monkeypatch.chdir(tmp_path)
    assert main(["timeline", "slow"]) == 1
    assert "load_balancer.idle_timeout is 60" in capsys.readouterr().err


def test_a_wrong_command_is_told_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, as of other commands."""
    assert main(["time"]) == 2
    assert capsys.readouterr().err == f"{USAGE}\n"
