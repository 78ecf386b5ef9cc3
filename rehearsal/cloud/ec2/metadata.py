"""What the metadata service says of an instance, by path below `/latest/`."""

import datetime
import json
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.cloud.iam.role_session import RoleSession

_TIME = "%Y-%m-%dT%H:%M:%SZ"


class InstanceMetadata:
    """Looks up paths for one of moto's instances; `lifecycle` knows what Auto Scaling wants of it.

    `notices`, by instance id and path, are what EC2 tells beforehand: an interruption, a recommendation.
    """

    def __init__(
        self,
        instance: Any,
        lifecycle: Callable[[str], str | None],
        notices: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._instance = instance
        self._lifecycle = lifecycle
        self._notices = notices
        self._session: RoleSession | None = None

    def look_up(self, path: str) -> str | None:
        """The text at a path; None is 404."""
        if path == "dynamic/instance-identity/document":
            return json.dumps(self._identity_document())
        return self._metadata(path.removeprefix("meta-data/")) if path.startswith("meta-data/") else None

    def _metadata(self, path: str) -> str | None:
        instance = self._instance
        if notice := self._notices.get(instance.id, {}).get(path):
            return notice
        match path.split("/"):
            case ["iam", "security-credentials"]:
                return None if (role := self._role()) is None else str(role.name)
            case ["iam", "security-credentials", name]:
                role = self._role()
                return json.dumps(self._credentials(role)) if role is not None and role.name == name else None
            case ["autoscaling", "target-lifecycle-state"]:
                return self._lifecycle(instance.id)
            case ["tags", "instance", key] if instance.metadata_options.instance_metadata_tags == "enabled":
                return next((tag["value"] for tag in instance.get_tags() if tag["key"] == key), None)
        return {
            "instance-id": instance.id,
            "instance-life-cycle": instance.lifecycle or "on-demand",
            "instance-type": instance.instance_type,
            "ami-id": instance.image_id,
            "local-ipv4": instance.private_ip_address,
            "local-hostname": instance.private_dns_name,
            "mac": instance.nics[0].mac_address,
            "placement/region": instance.region_name,
            "placement/availability-zone": instance.placement.zone,
        }.get(path)

    def _identity_document(self) -> dict[str, Any]:
        instance = self._instance
        return {
            "accountId": instance.owner_id,
            "architecture": instance.architecture,
            "availabilityZone": instance.placement.zone,
            "imageId": instance.image_id,
            "instanceId": instance.id,
            "instanceType": instance.instance_type,
            "pendingTime": instance.launch_time.strftime(_TIME),
            "privateIp": instance.private_ip_address,
            "region": instance.region_name,
            "version": "2017-09-30",
        }

    def _role(self) -> Any:
        associations = self._instance.ec2_backend.iam_instance_profile_associations
        association = associations.get(self._instance.id)
        roles = association.iam_instance_profile.roles if association else []
        return roles[0] if roles else None

    def _credentials(self, role: Any) -> dict[str, str]:
        if self._session is None or self._session.role_arn != role.arn:
            instance = self._instance
            place = {"account": instance.owner_id, "region": instance.region_name}
            self._session = RoleSession(role.arn, name=instance.id, **place)
        now = datetime.datetime.now(datetime.UTC).strftime(_TIME)
        credentials = self._session.credentials()
        return {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": now, **credentials}
