"""An instance's log in CloudWatch Logs, where EnableCloudwatchLogsExports says `postgresql`."""

from pathlib import Path
from typing import Any

from moto.logs.models import logs_backends

from rehearsal.cloud.cloudwatch.log_stream import LogStream


class ExportedLog:
    """Of one instance; `forward` is called at each of its steps."""

    def __init__(self, instance: Any, file: Path) -> None:
        self._instance, self._file = instance, file
        self._stream: LogStream | None = None

    def forward(self) -> None:
        """Sends the lines that came since."""
        instance = self._instance
        if "postgresql" not in instance.enabled_cloudwatch_logs_exports or not self._file.exists():
            return
        if self._stream is None:
            account, name = instance.account_id, instance.db_instance_identifier
            group = f"/aws/rds/instance/{name}/postgresql"
            backend = logs_backends[account][instance.region]
            if group not in backend.groups:
                backend.create_log_group(group, {})
            self._stream = LogStream(
                self._file, account=account, region=instance.region, group=group, name=f"{name}.0"
            )
        self._stream.forward(ended=False)
