"""What moto's ElastiCache lacks for subnet groups: their modification and deletion."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.models import CacheSubnetGroup
from moto.elasticache.responses import ElastiCacheResponse

from rehearsal.cloud.moto_patch import patch


def patch_moto() -> None:
    """Add what is missing; once a process."""
    patch(
        ElastiCacheResponse,
        modify_cache_subnet_group=_modify_subnet_group,
        delete_cache_subnet_group=_delete_subnet_group,
    )


def _modify_subnet_group(response: Any) -> ActionResult:
    backend, params = response.elasticache_backend, response._get_params()
    old = backend.describe_cache_subnet_groups(params["CacheSubnetGroupName"])[0]
    new = CacheSubnetGroup(
        account_id=backend.account_id,
        region_name=backend.region_name,
        cache_subnet_group_name=old.cache_subnet_group_name,
        cache_subnet_group_description=params.get(
            "CacheSubnetGroupDescription", old.cache_subnet_group_description
        ),
        subnet_ids=params.get("SubnetIds", old.subnet_ids),
        tags=old.tags,
    )
    backend.cache_subnet_groups[new.cache_subnet_group_name] = new
    return ActionResult({"CacheSubnetGroup": new})


def _delete_subnet_group(response: Any) -> EmptyResult:
    backend = response.elasticache_backend
    group = backend.describe_cache_subnet_groups(response._get_param("CacheSubnetGroupName"))[0]
    del backend.cache_subnet_groups[group.cache_subnet_group_name]
    return EmptyResult()
