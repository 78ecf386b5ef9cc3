"""The one machine image of the rehearsal: the Amazon Linux 2023 that SSM names in its public parameters."""

from typing import Any

from moto.ec2.models.amis import Ami, AmiBackend
from moto.utilities.utils import load_resource

from rehearsal.cloud.moto_patch import patch

PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


def register() -> None:
    """Let every EC2 backend know the image that `PARAMETER` names in its region, and no other.

    moto's own list takes a second to load and is older than the parameters it ships.
    """
    patch(AmiBackend, _load_amis=_load_al2023)


def _load_al2023(backend: Any) -> None:
    image_id = _image_id(backend.region_name)
    backend.amis[image_id] = Ami(
        backend,
        image_id,
        name="al2023-ami-kernel-default-x86_64",
        description="Amazon Linux 2023 AMI x86_64 HVM",
        owner_id="137112412989",  # Amazon's own account, by which look-ups filter
        owner_alias="amazon",
        public=True,
        virtualization_type="hvm",
        architecture="x86_64",
        root_device_type="ebs",
        root_device_name="/dev/xvda",
        region_name=backend.region_name,
    )


def _image_id(region: str) -> str:
    parameters = load_resource(f"ssm/resources/ami-amazon-linux-latest/{region}.json")
    return next(str(entry["Value"]) for entry in parameters if entry["Name"] == PARAMETER)
