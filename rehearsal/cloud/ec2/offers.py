"""What an account may have, and what a region offers it, where moto knows neither."""

from collections.abc import Iterable, Mapping
from typing import Any

from moto.core.responses import PaginatedResult
from moto.rds.responses import RDSResponse
from moto.servicequotas.models import ServiceQuotasBackend

from rehearsal.cloud.judge import schemas
from rehearsal.cloud.moto_patch import patch

QUOTAS: Mapping[tuple[str, str], tuple[str, float]] = {
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5.0),
    ("ec2", "L-1216C47A"): ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 32.0),
    ("ec2", "L-34B43A08"): ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 32.0),
}
"""By service and code. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-quotas.html"""
_get_service_quota: Any = ServiceQuotasBackend.get_service_quota


def patch_moto() -> None:
    """Add both; once a process."""
    patch(ServiceQuotasBackend, get_service_quota=_quota)
    patch(RDSResponse, describe_orderable_db_instance_options=_orderable)


def _quota(backend: ServiceQuotasBackend, service_code: str, quota_code: str) -> Any:
    known = QUOTAS.get((service_code, quota_code))
    if known is None:
        return _get_service_quota(backend, service_code, quota_code)
    name, value = known
    return {"ServiceCode": service_code, "QuotaCode": quota_code, "QuotaName": name, "Value": value}


def _orderable(response: Any) -> PaginatedResult:
    """The classes and versions that CloudFormation's schemas have for an engine, each with each.

    They are 65,000 for PostgreSQL: a client gets them by pages, as from RDS.
    """
    engine, wanted = response.params.get("Engine"), response.params.get("DBInstanceClass")
    classes = _listed(schemas.extension("aws_rds_dbinstance/dbinstanceclass_enum", response.region), engine)
    versions = _listed(schemas.extension("aws_rds_dbinstance/engine_version", response.region), engine)
    options = [
        {"Engine": engine, "EngineVersion": version, "DBInstanceClass": name, "MultiAZCapable": True}
        for name in sorted(classes)
        for version in sorted(versions)
        if wanted in (None, name)
    ]
    return PaginatedResult({"OrderableDBInstanceOptions": options})


def _listed(schema: Mapping[str, Any], engine: str) -> Iterable[str]:
    """What a schema lists for an engine."""
    return {
        value
        for rule in schema["allOf"]
        if rule["if"]["properties"].get("Engine", {}).get("const") == engine
        for member in rule["then"]["properties"].values()
        for value in member.get("enum", [])
    }
