"""The AWS API as a provider's configuration describes it: clients, account, region, default tags."""

import json
import os
import threading
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from rehearsal.offline.provider.patience import PatientClient
from rehearsal.offline.provider.values import UNKNOWN, Properties, words

ACCEPTED = words(
    "accessKey secretKey token profile region endpoints defaultTags maxRetries retryMode s3UsePathStyle"
    # What these skip is never done here.
    " insecure skipCredentialsValidation skipMetadataApiCheck skipRegionValidation skipRequestingAccountId"
    # Pulumi's own.
    " version"
)
MAX_CONNECTIONS = 64
RETRIES = 25
"""The official provider's default: https://registry.terraform.io/providers/hashicorp/aws/latest/docs#max_retries"""
ALIASES = {"logs": "cloudwatchlogs", "elbv2": "elasticloadbalancingv2"}
"""Pulumi's other names of endpoints."""


def parsed(configuration: Mapping[str, Any]) -> Properties:
    """A provider's inputs. The engine hands on everything but plain text as JSON text."""
    return {key: _parsed(value) for key, value in configuration.items()}


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        read = json.loads(value)
    except ValueError:
        return value
    return value if isinstance(read, int | float) and not isinstance(read, bool) else read


class ConfiguredCloud:
    """boto3's clients for one configured provider. Safe to share between threads."""

    def __init__(self, configuration: Properties) -> None:
        self._configuration = configuration
        self._session = boto3.Session(
            aws_access_key_id=configuration.get("accessKey"),
            aws_secret_access_key=configuration.get("secretKey"),
            aws_session_token=configuration.get("token"),
            profile_name=configuration.get("profile"),
            region_name=configuration.get("region") or os.environ.get("AWS_REGION"),
        )
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    @property
    def region(self) -> str:
        """Where resources go that name no region of their own."""
        if not self._session.region_name:
            raise ValueError("No AWS region. Set `region` of the provider, `aws:region` or AWS_REGION.")
        return str(self._session.region_name)

    @property
    def partition(self) -> str:
        """`aws` nearly everywhere."""
        return str(self._session.get_partition_for_region(self.region))

    @cached_property
    def account(self) -> str:
        """The account's twelve digits."""
        return str(self.client("sts").get_caller_identity()["Account"])

    @property
    def default_tags(self) -> dict[str, str]:
        """Tags of every resource that can have tags."""
        return dict((self._configuration.get("defaultTags") or {}).get("tags") or {})

    def client(self, service: str, region: str | None = None) -> Any:
        """The service's client, patient; made once, which takes botocore a while."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._clients:
                client = self._session.client(
                    service,
                    region_name=key[1],
                    endpoint_url=self._endpoint(service),
                    verify=False if self._configuration.get("insecure") else None,
                    config=self._config(),
                )
                self._clients[key] = PatientClient(client)
            return self._clients[key]

    def _endpoint(self, service: str) -> str | None:
        """The endpoint set for a service; botocore itself looks at AWS_ENDPOINT_URL."""
        for endpoints in self._configuration.get("endpoints") or []:
            endpoint = endpoints.get(service) or endpoints.get(ALIASES.get(service))
            if endpoint not in (None, "", UNKNOWN):
                return str(endpoint)
        return None

    def _config(self) -> Config:
        return Config(
            retries={
                "max_attempts": int(self._configuration.get("maxRetries") or RETRIES),
                "mode": self._configuration.get("retryMode") or "standard",
            },
            s3={"addressing_style": "path"} if self._configuration.get("s3UsePathStyle") else None,
            max_pool_connections=MAX_CONNECTIONS,
        )
