"""An AWS client of the rehearsal's cloud, whatever the user's own environment says.

A mean cloud tells it the truth.
"""

from typing import Any

import boto3
from botocore.config import Config

from rehearsal.access_key import AccessKey
from rehearsal.cloud.mean.observer import OBSERVER
from rehearsal.engine.environment import Rehearsal


def client(rehearsal: Rehearsal, service: str) -> Any:
    """boto3's client of a service; `service` as boto3 names it."""
    key = AccessKey.read(rehearsal.state)
    session: Any = boto3.Session(
        aws_access_key_id=key.id, aws_secret_access_key=key.secret, region_name=rehearsal.region
    )
    return session.client(
        service, endpoint_url=rehearsal.endpoint, config=Config(user_agent_extra=f"app/{OBSERVER}")
    )
