"""What it takes to reach a deployed stack's database and store, as far as AWS tells."""

import json
from pathlib import Path
from typing import Any

import boto3
import requests

from migrator.settings import Server
from testkit.deployment import Deployment


def authority(deployment: Deployment, folder: Path) -> Path:
    """The rehearsal's certificate authority, as a file in the folder."""
    file = folder / "ca.pem"
    endpoint = deployment.environment["AWS_ENDPOINT_URL"]
    file.write_bytes(requests.get(f"{endpoint}/_evenkeel/ca.pem", timeout=5).content)
    return file


def secrets() -> list[dict[str, Any]]:
    """The values of all the stack's secrets that are JSON."""
    manager = boto3.client("secretsmanager")
    listed = [secret["ARN"] for secret in manager.list_secrets()["SecretList"]]
    values = [manager.get_secret_value(SecretId=arn)["SecretString"] for arn in listed]
    return [json.loads(value) for value in values if value.startswith("{")]


def token(group: str) -> str:
    """The token of a replication group that the stack made."""
    manager = boto3.client("secretsmanager")
    (arn,) = [
        secret["ARN"]
        for secret in manager.list_secrets()["SecretList"]
        if secret["Name"].startswith(f"{group}-token")
    ]
    value: str = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])["auth_token"]
    return value


def database(ca_file: Path) -> Server:
    """The database, as its admin."""
    (admin,) = [secret for secret in secrets() if secret.get("username") == "evenkeel_admin"]
    return Server(
        host=admin["host"],
        port=admin["port"],
        database=admin["dbname"],
        user=admin["username"],
        password=admin["password"],
        ca=str(ca_file),
    )
