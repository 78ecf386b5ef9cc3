"""RDS' metric FreeStorageSpace in CloudWatch: what the allocated storage and this disk have left."""

import shutil
import time
from pathlib import Path
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

_EVERY = 60  # seconds, as RDS


class StorageMetric:
    """One instance's; `report` is called at each step of the instance and tells once a minute."""

    def __init__(self, instance: Any, folder: Path) -> None:
        self._instance, self._folder = instance, folder
        self._next = 0.0

    def report(self) -> None:
        """Sends the metric when it is due."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        instance = self._instance
        cloudwatch_backends[instance.account_id][instance.region].put_metric_data(
            "AWS/RDS",
            [
                {
                    "MetricName": "FreeStorageSpace",
                    "Dimensions": [
                        {"Name": "DBInstanceIdentifier", "Value": instance.db_instance_identifier}
                    ],
                    "Value": self._free(),
                    "Unit": "Bytes",
                }
            ],
        )

    def _free(self) -> int:
        """Bytes. The server may remove a file while they are counted."""
        used = 0
        for path in self._folder.rglob("*"):
            try:
                used += path.lstat().st_size
            except FileNotFoundError:
                continue
        allocated = int(self._instance.allocated_storage) << 30
        return max(0, min(allocated - used, shutil.disk_usage(self._folder).free))
