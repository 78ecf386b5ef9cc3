"""The launch templates that a group or a refresh names, and their versions.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import Refusal
from rehearsal.cloud.references.reference import standing


def absent_template(call: JudgedCall) -> Refusal | None:
    """The first that is not there, or not in the version that is named."""
    desired = call.members.get("DesiredConfiguration") or {}
    for specification in (*_named(call.members), *_named(desired)):
        template = _find(specification, call)
        named = specification.get("LaunchTemplateId") or specification.get("LaunchTemplateName")
        if template is None:
            return Refusal(
                code="ValidationError", message=f"The specified launch template, {named}, does not exist."
            )
        if not _has(template, specification.get("Version", "$Default")):
            version = specification["Version"]
            return Refusal(
                code="ValidationError",
                message=f"The specified version ({version}) of launch template {named} does not exist.",
            )
    return None


def _named(members: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The specifications of a group, of its policy and of the policy's overrides."""
    of_policy = (members.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    overrides = [each.get("LaunchTemplateSpecification") for each in of_policy.get("Overrides") or []]
    for specification in (
        members.get("LaunchTemplate"),
        of_policy.get("LaunchTemplateSpecification"),
        *overrides,
    ):
        if specification:
            yield specification


def _find(specification: Mapping[str, Any], call: JudgedCall) -> Any:
    ec2 = standing("ec2", call)
    name = specification.get("LaunchTemplateName")
    identifier = specification.get("LaunchTemplateId") or ec2.launch_template_name_to_ids.get(name)
    return ec2.launch_templates.get(identifier)


def _has(template: Any, version: str) -> bool:
    if version in ("$Latest", "$Default"):
        return True
    return version.isascii() and version.isdecimal() and 1 <= int(version) <= len(template.versions)
