"""How a gate's check reaches AWS while a deployment runs."""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    LoginError,
    SSOError,
    TokenRetrievalError,
)

ATTEMPTS = 8
RETRIES = Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
"""botocore's standard mode waits up to 20 s between attempts: a throttled or restarting API is waited for."""

_ENDED_SESSION = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}


def session_has_ended(error: Exception) -> bool:
    """Whether a call failed because the caller's temporary credentials are no longer good."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _ENDED_SESSION
    return isinstance(error, CredentialRetrievalError | LoginError | SSOError | TokenRetrievalError)


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsApi:
    """Where the API answers. Without an endpoint: AWS's own, or what AWS_ENDPOINT_URL says."""

    region: str
    endpoint: str | None

    def client(self, service: str, config: Config = RETRIES) -> Any:
        """A boto3 client. Its session is its own: boto3's default one is not to be shared between threads."""
        session = boto3.Session(region_name=self.region)
        return session.client(service, endpoint_url=self.endpoint, config=config)
