"""The CloudWatch agent of a server: copies the files that its configuration names to CloudWatch Logs.

In the server there is only `amazon-cloudwatch-agent-ctl` (server.sh), which keeps the configuration. The
files are followed from here, and an open file can be read to its end when its server has died.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
"""

import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any

from moto.logs.exceptions import ResourceNotFoundException

from rehearsal.cloud.cloudwatch.log_stream import LogStream
from rehearsal.cloud.ec2.server import InstanceServer

CONFIGURATION = "/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json"
"""Where the agent's ctl puts what it was given."""
_STEP = 0.5  # seconds between two looks at the files; the real agent sends every 5
log = logging.getLogger(__name__)


class ConfigurationRefusedError(ValueError):
    """A configuration with something in it that the rehearsal's agent does not know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectedFile:
    """An entry of the configuration's `collect_list`."""

    file_path: str
    """A glob, of which the agent follows the file that was changed last."""
    log_group_name: str
    log_stream_name: str


def collected_files(configuration: str, *, instance_id: str) -> list[CollectedFile]:
    """The files that a configuration names; `{instance_id}` is filled in."""
    try:
        logs = _only(json.loads(configuration), "logs")
        listed = _only(_only(_only(logs, "logs_collected"), "files"), "collect_list")
    except json.JSONDecodeError as error:
        raise ConfigurationRefusedError(f"the agent's configuration is no JSON: {error}") from error
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise ConfigurationRefusedError(
            f"collect_list is {json.dumps(listed)[:80]}, and has to be a list of objects"
        )
    known = set(CollectedFile.__dataclass_fields__)
    for entry in listed:
        if entry.keys() != known:
            raise ConfigurationRefusedError(
                f"collect_list has an entry of {', '.join(sorted(entry))}: the rehearsal's agent wants"
                f" {', '.join(sorted(known))}"
            )
        for key, value in entry.items():
            if not isinstance(value, str) or not (_is_glob(value) if key == "file_path" else value):
                raise ConfigurationRefusedError(
                    f"collect_list has {key} {json.dumps(value)[:80]}: give it a text that names something"
                )
    return [
        CollectedFile(**{key: value.replace("{instance_id}", instance_id) for key, value in entry.items()})
        for entry in listed
    ]


def _is_glob(path: str) -> bool:
    """Whether `Path.glob` takes it: it names something, and `**` in it is a whole folder's name."""
    parts = PurePath(path.lstrip("/")).parts
    return bool(parts) and not any("**" in part and part != "**" for part in parts)


def _only(section: Any, key: str) -> Any:
    if not isinstance(section, dict) or section.keys() != {key}:
        raise ConfigurationRefusedError(
            f"the agent's configuration has {json.dumps(section)[:80]}: the rehearsal knows {key!r} there"
        )
    return section[key]


class CloudWatchAgent:
    """Follows the files of one server from when it is told to, as often as `forward` is called."""

    def __init__(self, server: InstanceServer, *, instance_id: str, account: str, region: str) -> None:
        self._server, self._instance_id = server, instance_id
        self._place = {"account": account, "region": region}
        self._configured_at = 0.0
        self._collected: list[CollectedFile] = []
        self._streams: dict[tuple[int, int], LogStream] = {}
        self._next = 0.0

    def forward(self) -> None:
        """Send what came since. Calls that come too early do nothing."""
        if time.monotonic() < self._next or self._server.init is None:
            return
        self._next = time.monotonic() + _STEP
        self._read_configuration()
        for collected in list(self._collected):
            self._follow(collected)
        for stream in self._streams.values():
            stream.forward(ended=False)

    def close(self) -> None:
        """Send the last lines of a server that has ended."""
        for stream in self._streams.values():
            stream.forward(ended=True)

    def _read_configuration(self) -> None:
        try:
            with self._server.files.open(CONFIGURATION) as file:
                changed_at = _changed_at(file)
                if changed_at == self._configured_at:
                    return
                self._configured_at = changed_at
                self._collected = collected_files(file.read().decode(), instance_id=self._instance_id)
        except OSError:
            return  # not told yet, or the server has just ended
        except (ConfigurationRefusedError, UnicodeDecodeError) as error:
            log.error("instance %s has a CloudWatch agent without logs: %s", self._instance_id, error)

    def _follow(self, collected: CollectedFile) -> None:
        try:
            newest = self._newest(collected)
            if newest is None:
                return
            if (identity := _identity(newest)) in self._streams:
                newest.close()
                return
            self._streams[identity] = LogStream(
                newest, group=collected.log_group_name, name=collected.log_stream_name, **self._place
            )
        except OSError:
            return  # rotated away meanwhile, or the server has just ended
        except ResourceNotFoundException:
            log.error("instance %s: there is no log group %s", self._instance_id, collected.log_group_name)
            self._collected.remove(collected)

    def _newest(self, collected: CollectedFile) -> IO[bytes] | None:
        newest: IO[bytes] | None = None
        for file in self._server.files.matching(collected.file_path):
            older = file
            if newest is None or _changed_at(file) > _changed_at(newest):
                older, newest = newest or file, file
            if older is not newest:
                older.close()
        return newest


def _changed_at(file: IO[bytes]) -> float:
    return os.fstat(file.fileno()).st_mtime


def _identity(file: IO[bytes]) -> tuple[int, int]:
    """Stays the same when a file is renamed, as a rotation does."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino
