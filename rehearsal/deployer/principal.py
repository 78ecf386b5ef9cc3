"""The deployer of a stack in a rehearsal: an IAM user that has docs/deployer-policy.json, and no more."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rehearsal.access_key import AccessKey
from rehearsal.aws import client
from rehearsal.deployer.right import SECRETS_KEY, Deployed
from rehearsal.engine.environment import Rehearsal
from rehearsal.errors import DeploymentError
from stacks import deployer_policy

ACCOUNT = "123456789012"
"""The account that moto answers for."""
_DIGEST = "policies.sha256"


def key_of(rehearsal: Rehearsal, stack: str) -> AccessKey:
    """The key of a stack's deployer in the cloud that runs.

    Makes the deployer, or brings its policies up to date, where that is needed.
    """
    project = rehearsal.project
    names = deployer_policy.names(
        project.name, stack, project.file_of(stack), account=ACCOUNT, region=rehearsal.region
    )
    try:
        documents = deployer_policy.documents(replace(names, SecretsKey=SECRETS_KEY), project.deployer_policy)
    except deployer_policy.NoPolicy as error:
        raise DeploymentError(str(error)) from error
    digest = hashlib.sha256(json.dumps(documents).encode()).hexdigest()
    folder = rehearsal.state / "deployers" / stack
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = folder / _DIGEST
    if not note.exists() or note.read_text() != digest:
        _make(client(rehearsal, "iam"), Deployed(project=project.name, stack=stack), documents, folder)
        note.write_text(digest)
    return AccessKey.read(folder)


def _make(iam: Any, deployed: Deployed, documents: Mapping[str, Any], folder: Path) -> None:
    """Each call may have been made before: by an `up` of before, or one whose answer was lost."""
    there = suppress(iam.exceptions.EntityAlreadyExistsException)
    user = deployed.user
    with there:
        iam.create_user(UserName=user, Path=deployed.path)
    if not AccessKey.is_kept(folder):
        key = iam.create_access_key(UserName=user)["AccessKey"]
        AccessKey(id=key["AccessKeyId"], secret=key["SecretAccessKey"]).kept(folder)
    for policy in iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]:
        with suppress(iam.exceptions.NoSuchEntityException):
            iam.detach_user_policy(UserName=user, PolicyArn=policy["PolicyArn"])
            iam.delete_policy(PolicyArn=policy["PolicyArn"])
    for name, document in documents.items():
        with there:
            iam.create_policy(PolicyName=name, PolicyDocument=deployer_policy.written(document))
        iam.attach_user_policy(UserName=user, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{name}")
