"""RDS: parameter groups."""

from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

rds = partial(Mistake, service="rds")


def parameter(name: str, value: str, method: str = "immediate") -> dict[str, Any]:
    """The members of ModifyDBParameterGroup."""
    changed = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
    return {"DBParameterGroupName": "standing", "Parameters": [changed]}


PARAMETER_GROUPS = (
    rds(
        what="a parameter without a name",
        operation="ModifyDBParameterGroup",
        members={
            "DBParameterGroupName": "standing",
            "Parameters": [{"ParameterValue": "1", "ApplyMethod": "immediate"}],
        },
        code="InvalidParameterValue",
    ),
    rds(
        what="a parameter without a name to reset",
        operation="ResetDBParameterGroup",
        members={"DBParameterGroupName": "standing", "Parameters": [{"ApplyMethod": "immediate"}]},
        code="InvalidParameterValue",
    ),
    rds(
        what="a family of parameters that there is not",
        operation="CreateDBParameterGroup",
        members={
            "DBParameterGroupName": "new",
            "DBParameterGroupFamily": "postgres99",
            "Description": "new",
        },
        code="InvalidParameterValue",
    ),
    rds(
        what="a parameter group that is in use",
        operation="DeleteDBParameterGroup",
        members={"DBParameterGroupName": "standing"},
        code="InvalidDBParameterGroupState",
    ),
    rds(
        what="a parameter that PostgreSQL does not have",
        operation="ModifyDBParameterGroup",
        members=parameter("query_cache_size", "1"),
        code="InvalidParameterValue",
    ),
    rds(
        what="a parameter's value outside its range",
        operation="ModifyDBParameterGroup",
        members=parameter("log_min_duration_statement", "-2"),
        code="InvalidParameterValue",
    ),
    rds(
        what="a switch that is neither on nor off",
        operation="ModifyDBParameterGroup",
        members=parameter("rds.force_ssl", "yes", "pending-reboot"),
        code="InvalidParameterValue",
    ),
    rds(
        what="a static parameter at once",
        operation="ModifyDBParameterGroup",
        members=parameter("max_connections", "200"),
        code="InvalidParameterCombination",
    ),
)
