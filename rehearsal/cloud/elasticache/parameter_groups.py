"""ElastiCache's cache parameter groups, which moto has none of."""

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult, PaginatedResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from rehearsal.cloud.moto_patch import patch

_PERCENTAGES = range(101)
_FAMILIES = ("redis6.x", "redis7", "valkey7", "valkey8")

RESERVED_MEMORY_PERCENT = "reserved-memory-percent"
"""The share of a node's memory that is no data; a parameter of ElastiCache's own."""

_init = ElastiCacheBackend.__init__


class _ParameterGroupError(ElastiCacheException):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CacheParameterGroup:
    """A named set of values over the engine's defaults."""

    def __init__(self, arn_prefix: str, name: str, family: str, description: str) -> None:
        self.cache_parameter_group_name = name
        self.cache_parameter_group_family = family
        self.description = description
        self.arn = f"{arn_prefix}:parametergroup:{name}"
        self.is_global = False
        self.values: dict[str, str] = {}

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """Those that the user set, as DescribeCacheParameters lists them."""
        return [
            {"ParameterName": name, "ParameterValue": value, "Source": "user", "IsModifiable": True}
            for name, value in sorted(self.values.items())
        ]


def patch_moto() -> None:
    """Add the six actions and the groups that every account has."""
    patch(ElastiCacheBackend, __init__=_create_backend)
    patch(
        ElastiCacheResponse,
        create_cache_parameter_group=_create,
        describe_cache_parameter_groups=_describe,
        describe_cache_parameters=_describe_parameters,
        modify_cache_parameter_group=_modify,
        reset_cache_parameter_group=_reset,
        delete_cache_parameter_group=_delete,
    )


def parameter_values(backend: Any, name: str | None) -> dict[str, str]:
    """What the user set in a group; nothing in one of the default groups."""
    group = backend.cache_parameter_groups.get(name)
    return dict(group.values) if group else {}


def _create_backend(backend: Any, region_name: str, account_id: str) -> None:
    _init(backend, region_name, account_id)
    backend.arn_regex = re.compile(r"arn:aws:elasticache:.*")  # moto's own knows no parameter groups
    prefix = f"arn:aws:elasticache:{region_name}:{account_id}"
    backend.cache_parameter_groups = {
        name: CacheParameterGroup(prefix, name, family, f"Default parameter group for {family}")
        for family in _FAMILIES
        for name in (f"default.{family}", f"default.{family}.cluster.on")
    }


def _create(response: Any) -> ActionResult:
    backend, params = response.elasticache_backend, response._get_params()
    name, family = params["CacheParameterGroupName"].lower(), params["CacheParameterGroupFamily"]
    if name in backend.cache_parameter_groups:
        raise _ParameterGroupError(
            "CacheParameterGroupAlreadyExists", f"Cache parameter group {name} exists."
        )
    if family not in _FAMILIES:
        raise _ParameterGroupError(
            "InvalidParameterValue", f"CacheParameterGroupFamily {family} is none of {', '.join(_FAMILIES)}."
        )
    prefix = f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}"
    group = CacheParameterGroup(prefix, name, family, params["Description"])
    backend.cache_parameter_groups[name] = group
    backend.tagging_service.tag_resource(group.arn, params.get("Tags") or [])
    return ActionResult({"CacheParameterGroup": group})


def _describe(response: Any) -> PaginatedResult:
    name = response._get_param("CacheParameterGroupName")
    every_group = list(response.elasticache_backend.cache_parameter_groups.values())
    return PaginatedResult({"CacheParameterGroups": [_find(response, name)] if name else every_group})


def _describe_parameters(response: Any) -> ActionResult:
    group = _find(response, response._get_param("CacheParameterGroupName"))
    return ActionResult({"Parameters": group.parameters})


def _modify(response: Any) -> ActionResult:
    group = _find(response, response._get_param("CacheParameterGroupName"))
    for entry in response._get_param("ParameterNameValues"):
        _check(entry["ParameterName"], entry["ParameterValue"])
        group.values[entry["ParameterName"]] = entry["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": group.cache_parameter_group_name})


def _check(name: str, value: str) -> None:
    if name == RESERVED_MEMORY_PERCENT and not (value.isdigit() and int(value) in _PERCENTAGES):
        raise _ParameterGroupError("InvalidParameterValue", f"{name} is {value}: it must be 0 to 100.")


def _reset(response: Any) -> ActionResult:
    group = _find(response, response._get_param("CacheParameterGroupName"))
    if response._get_bool_param("ResetAllParameters"):
        group.values.clear()
    for entry in response._get_param("ParameterNameValues") or []:
        group.values.pop(entry["ParameterName"], None)
    return ActionResult({"CacheParameterGroupName": group.cache_parameter_group_name})


def _delete(response: Any) -> EmptyResult:
    backend = response.elasticache_backend
    name = _find(response, response._get_param("CacheParameterGroupName")).cache_parameter_group_name
    users = [
        group.replication_group_id
        for group in list(backend.replication_groups.values())
        if group.cache_parameter_group_name == name
    ]
    if users:
        raise _ParameterGroupError(
            "InvalidCacheParameterGroupState", f"Cache parameter group {name} is used by {', '.join(users)}."
        )
    del backend.cache_parameter_groups[name]
    return EmptyResult()


def _find(response: Any, name: str) -> CacheParameterGroup:
    groups: dict[str, CacheParameterGroup] = response.elasticache_backend.cache_parameter_groups
    if name not in groups:
        raise _ParameterGroupError("CacheParameterGroupNotFound", f"Cache parameter group {name} not found.")
    return groups[name]
