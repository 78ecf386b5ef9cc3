"""IAM: roles, their policies, instance profiles."""

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Resource, SeveralCalls, Tags, Work


def delete_role(work: Work) -> None:
    """A role leaves its instance profiles first and, where that is wanted, its policies."""
    for profile in work.api.list_instance_profiles_for_role(RoleName=work.id).get("InstanceProfiles", []):
        work.api.remove_role_from_instance_profile(
            InstanceProfileName=profile["InstanceProfileName"], RoleName=work.id
        )
    if work.inputs.get("forceDetachPolicies"):
        for policy in work.api.list_attached_role_policies(RoleName=work.id).get("AttachedPolicies", []):
            work.api.detach_role_policy(RoleName=work.id, PolicyArn=policy["PolicyArn"])
        for name in work.api.list_role_policies(RoleName=work.id).get("PolicyNames", []):
            work.api.delete_role_policy(RoleName=work.id, PolicyName=name)
    work.api.delete_role(RoleName=work.id)


def change_profile_role(work: Work) -> None:
    """A profile has one role at most."""
    leave_role(work)
    if "role" in work.inputs:
        work.api.add_role_to_instance_profile(InstanceProfileName=work.id, RoleName=work.inputs["role"])


def leave_role(work: Work) -> None:
    """Takes out the role, if there is one: IAM deletes no profile that has a role."""
    for role in work.api.get_instance_profile(InstanceProfileName=work.id)["InstanceProfile"].get(
        "Roles", []
    ):
        work.api.remove_role_from_instance_profile(InstanceProfileName=work.id, RoleName=role["RoleName"])


def delete_profile(work: Work) -> None:
    """Its role has to be out first."""
    leave_role(work)
    work.api.delete_instance_profile(InstanceProfileName=work.id)


PUT_ROLE_POLICY = call("put_role_policy", PolicyDocument="{policy}", whole=True)

RESOURCES = [
    Resource(
        type="aws:iam/role:Role",
        service="iam",
        create=call("create_role"),
        id="Role.RoleName",
        read=(call("get_role", "Role", RoleName="{id}"),),
        update=(
            call("update_assume_role_policy", RoleName="{id}", PolicyDocument="{assumeRolePolicy}"),
            call("update_role", inputs="description maxSessionDuration", RoleName="{id}"),
        ),
        delete=SeveralCalls(run=delete_role),
        fixed="name path",
        local="forceDetachPolicies",
        names={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        state={"uniqueId": "RoleId"},
        outputs="arn createDate uniqueId",
        defaults={"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False},
        name=AutoName(longest=64),
        tags=Tags(
            add=call("tag_role", RoleName="{id}", Tags="{tags}"),
            remove=call("untag_role", RoleName="{id}", TagKeys="{keys}"),
        ),
    ),
    Resource(
        type="aws:iam/rolePolicy:RolePolicy",
        service="iam",
        create=PUT_ROLE_POLICY,
        id="join(':', [role, name])",
        read=(call("get_role_policy", RoleName="{role}", PolicyName="{name}"),),
        update=(PUT_ROLE_POLICY,),
        delete=call("delete_role_policy", RoleName="{role}", PolicyName="{name}"),
        fixed="role name",
        names={"role": "RoleName", "name": "PolicyName", "policy": "PolicyDocument"},
        name=AutoName(longest=128),
    ),
    Resource(
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        service="iam",
        create=call("attach_role_policy"),
        id="join('/', [role, policyArn])",
        read=(
            call(
                "list_attached_role_policies",
                "AttachedPolicies[?PolicyArn=='$policyArn'] | [0]",
                RoleName="{role}",
            ),
        ),
        delete=call("detach_role_policy", RoleName="{role}", PolicyArn="{policyArn}"),
        fixed="role policyArn",
        names={"role": "RoleName"},
    ),
    Resource(
        type="aws:iam/instanceProfile:InstanceProfile",
        service="iam",
        create=call("create_instance_profile"),
        id="InstanceProfile.InstanceProfileName",
        read=(call("get_instance_profile", "InstanceProfile", InstanceProfileName="{id}"),),
        update=(SeveralCalls(run=change_profile_role, inputs="role"),),
        delete=SeveralCalls(run=delete_profile),
        fixed="name path",
        names={"name": "InstanceProfileName"},
        state={"uniqueId": "InstanceProfileId", "role": "Roles[0].RoleName"},
        outputs="arn createDate uniqueId",
        defaults={"path": "/"},
        name=AutoName(longest=128),
        tags=Tags(
            add=call("tag_instance_profile", InstanceProfileName="{id}", Tags="{tags}"),
            remove=call("untag_instance_profile", InstanceProfileName="{id}", TagKeys="{keys}"),
        ),
    ),
]
