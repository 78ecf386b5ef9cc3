"""What the agent of a rehearsed server makes of its configuration, and of files that grow, turn and end."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from moto import mock_aws
from moto.logs.models import LogsBackend, logs_backends

from components.boot import user_data
from rehearsal.cloud.cloudwatch import cloudwatch_agent
from rehearsal.cloud.cloudwatch.cloudwatch_agent import (
    CONFIGURATION,
    CloudWatchAgent,
    CollectedFile,
    ConfigurationRefusedError,
    collected_files,
)
from rehearsal.cloud.ec2.server import InstanceServer
from rehearsal.cloud.ec2.server_files import ServerFiles

PLACE = {"account": "000000000000", "region": "eu-central-1"}


def configuration(*entries: Any) -> str:
    """A whole configuration with these files."""
    return json.dumps({"logs": {"logs_collected": {"files": {"collect_list": entries}}}})


def entry(path: str, stream: str = "{instance_id}/app") -> dict[str, str]:
    """A file of the configuration."""
    return {"file_path": path, "log_group_name": "servers", "log_stream_name": stream}


def test_the_instances_id_is_filled_in() -> None:
    """Into stream names, as the real agent does it."""
    assert collected_files(configuration(entry("/var/log/app/out.log")), instance_id="i-1") == [
        CollectedFile(file_path="/var/log/app/out.log", log_group_name="servers", log_stream_name="i-1/app")
    ]


def test_the_kits_own_configuration_is_known() -> None:
    """Boot log and the app's logs, without a glob: of its files the real agent would send only one."""
    files = collected_files(user_data._agent_config("servers"), instance_id="i-1")
    assert {each.log_stream_name for each in files} == {"i-1/boot", "i-1/app"}
    assert not any("*" in each.file_path for each in files)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ('{"metrics": {}}', "has {\"metrics\": {}}: the rehearsal knows 'logs' there"),
        (configuration({**entry("/x"), "timezone": "UTC"}), "collect_list has an entry of .*timezone"),
        ('{"logs": {"logs_collected": {"files": {"collect_list": null}}}}', "collect_list is null, and has"),
        (configuration("/x"), r'collect_list is \["/x"\], and has to be a list of objects'),
        (configuration({**entry("/x"), "log_stream_name": 1}), "has log_stream_name 1: give it a text"),
        (configuration({**entry("/x"), "log_group_name": ""}), 'has log_group_name "": give it a text'),
        *(
            (configuration(entry(path)), "collect_list has file_path .*: give it a text")
            for path in ("", "/", "./", "/var/**log")
        ),
    ],
)
def test_an_unknown_or_malformed_field_is_refused(text: str, message: str) -> None:
    """The rehearsal would prove nothing of what it leaves out."""
    with pytest.raises(ConfigurationRefusedError, match=message):
        collected_files(text, instance_id="i-1")


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An agent of a server whose root is `tmp_path`, told to follow /log/app*.log; it looks at each call."""
    monkeypatch.setattr(cloudwatch_agent, "_STEP", 0.0)
    with mock_aws():
        logs_backends[PLACE["account"]][PLACE["region"]].create_log_group("servers", {})
        server = SimpleNamespace(init=1, files=ServerFiles(tmp_path))
        config = tmp_path / CONFIGURATION.lstrip("/")
        config.parent.mkdir(parents=True)
        config.write_text(configuration(entry("/log/app*.log")))
        (tmp_path / "log").mkdir()
        yield CloudWatchAgent(cast(InstanceServer, server), instance_id="i-1", **PLACE)


def messages() -> list[str]:
    """What is in the stream of the app."""
    group = logs_backends[PLACE["account"]][PLACE["region"]].groups["servers"]
    return [event.message for event in group.streams["i-1/app"].events]


def test_whole_lines_arrive_and_the_rest_at_the_end(agent: CloudWatchAgent, tmp_path: Path) -> None:
    """A half line waits for its end; the end of the server ends it, also when the file has gone with it."""
    file = tmp_path / "log/app.log"
    agent.forward()
    file.write_text("one\n\ntwo")
    agent.forward()
    assert messages() == ["one"]
    with file.open("a") as more:
        more.write(" and three\nlast words")
    file.unlink()
    agent.close()
    assert messages() == ["one", "two and three", "last words"]


def test_a_rotated_file_is_followed_to_its_end(agent: CloudWatchAgent, tmp_path: Path) -> None:
    """A rename is no new file, and the new file of the old name is followed too."""
    file = tmp_path / "log/app.log"
    file.write_text("old\n")
    agent.forward()
    file.rename(tmp_path / "log/app.1.log")
    file.write_text("new\n")
    os.utime(file, (2e9, 2e9))
    agent.forward()
    assert messages() == ["old", "new"]


def test_of_several_files_only_the_newest_is_followed(agent: CloudWatchAgent, tmp_path: Path) -> None:
    """As the real agent does with a glob."""
    for number, name in enumerate(("app.1.log", "app.2.log")):
        (tmp_path / "log" / name).write_text(f"{name}\n")
        os.utime(tmp_path / "log" / name, (1e9 + number, 1e9 + number))
    agent.forward()
    assert messages() == ["app.2.log"]


def test_a_log_group_that_is_not_there_is_told_once(
    agent: CloudWatchAgent, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In the cloud's log, with the instance."""
    (tmp_path / "log/app.log").write_text("one\n")
    logs_backends[PLACE["account"]][PLACE["region"]].groups.clear()
    agent.forward()
    agent.forward()
    assert [record.getMessage() for record in caplog.records] == [
        "instance i-1: there is no log group servers"
    ]


@pytest.mark.parametrize("malformed", [b"\xff", b"{"])
def test_a_malformed_configuration_is_told_once(
    agent: CloudWatchAgent, tmp_path: Path, caplog: pytest.LogCaptureFixture, malformed: bytes
) -> None:
    """In the cloud's log, with the instance; nothing is followed."""
    (tmp_path / CONFIGURATION.lstrip("/")).write_bytes(malformed)
    agent.forward()
    agent.forward()
    (record,) = caplog.records
    assert record.getMessage().startswith("instance i-1 has a CloudWatch agent without logs: ")


def test_a_folder_has_no_lines(agent: CloudWatchAgent, tmp_path: Path) -> None:
    """A configuration that names one is told nothing."""
    (tmp_path / "log/app.log").mkdir()
    agent.forward()
    assert not logs_backends[PLACE["account"]][PLACE["region"]].groups["servers"].streams


def test_a_log_group_that_goes_meanwhile_takes_its_lines(
    agent: CloudWatchAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it goes between the look at it and the sending."""
    backend = logs_backends[PLACE["account"]][PLACE["region"]]
    (tmp_path / "log/app.log").write_text("one\n")
    put = LogsBackend.put_log_events

    def too_late(*args: Any) -> Any:
        backend.groups.clear()
        return put(*args)

    monkeypatch.setattr(LogsBackend, "put_log_events", too_late)
    agent.forward()
    assert not backend.groups
