"""Inputs become API arguments by botocore's model, and come back by the same names."""

import json
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.errors import UnsupportedInput
from rehearsal.offline.provider.mapping import arguments, fill, member
from rehearsal.offline.provider.observe import as_output, camel, observe, same

SESSION = botocore.session.Session()
NAMES = st.from_regex(r"[A-Z][a-z]{1,8}([A-Z][a-z]{1,8}){0,3}", fullmatch=True)
SCALARS = st.one_of(st.booleans(), st.integers(-(10**9), 10**9), st.text("abc{}[]:, ", max_size=8))


def shape(service: str, operation: str) -> Any:
    return SESSION.get_service_model(service).operation_model(operation).input_shape


def test_a_name_finds_its_member_in_whatever_case_and_number() -> None:
    """What Pulumi writes in the plural or in camelCase, APIs write as they please."""
    assert member(["VpcId", "KMSKeyId", "SubnetIds"], "kmsKeyId") == "KMSKeyId"
    assert member(["SecurityGroup"], "securityGroups") == "SecurityGroup"
    assert member(["Policy"], "policies") == "Policy"
    assert member(["VpcId"], "vpc") is None


@given(NAMES)
def test_a_member_is_found_by_its_name_in_camel_case(name: str) -> None:
    """Reading and writing use the same names."""
    assert member([name], camel(name)) == name


def test_values_take_the_form_that_the_model_has() -> None:
    """Tags become a list, an object a list of one, JSON a structure, text a number."""
    assert arguments(
        shape("ecs", "RegisterTaskDefinition"),
        call("register_task_definition"),
        {},
        {
            "family": "migrations",
            "cpu": 256,
            "containerDefinitions": json.dumps([{"name": "migrator", "essential": True}]),
            "tags": {"Name": "migrations"},
        },
        {},
    ) == {
        "family": "migrations",
        "cpu": "256",
        "containerDefinitions": [{"name": "migrator", "essential": True}],
        "tags": [{"key": "Name", "value": "migrations"}],
    }


def test_a_part_that_the_model_lacks_is_named() -> None:
    """What can't be passed on is refused, with its path."""
    with pytest.raises(UnsupportedInput) as refused:
        arguments(
            shape("ec2", "CreateLaunchTemplate"),
            call("create_launch_template", inside="LaunchTemplateData"),
            {},
            {"metadataOptions": {"httpTokens": "required", "httpTypo": 1}},
            {},
        )
    assert refused.value.path == "metadataOptions.httpTypo"


def test_a_mapping_without_its_first_placeholder_is_left_out() -> None:
    """A rule's peer is one of several; a description alone is no peer."""
    template = [
        {"CidrIp": "{cidr}", "Description": "{description}"},
        {"GroupId": "{group}", "Description": "{description}"},
    ]
    assert fill(template, {"group": "sg-1", "description": "To the app"}) == [
        {"GroupId": "sg-1", "Description": "To the app"}
    ]


@given(st.dictionaries(NAMES, SCALARS, max_size=5))
def test_what_the_api_shows_is_what_was_written(structure: dict[str, Any]) -> None:
    """Without drift an input stays as the program wrote it."""
    wanted = {camel(name): value for name, value in structure.items()}
    assert observe(wanted, structure, {}, "input") == wanted
    assert as_output(structure) == wanted


@given(st.dictionaries(st.text("abc", min_size=1), SCALARS, max_size=4))
def test_json_means_the_same_in_any_layout(document: dict[str, Any]) -> None:
    """A policy that an API formats in another way is no drift."""
    assert same(json.dumps(document), json.dumps(dict(reversed(document.items())), indent=2))


def test_only_the_changed_part_of_a_list_differs() -> None:
    """Drift shows where it is, not as a list in another order."""
    wanted = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    seen = [{"Name": "b", "Value": "3"}, {"Name": "a", "Value": "1"}]
    assert observe(wanted, seen, {}, "parameters") == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": "3"},
    ]
