"""What moto's RDS lacks for a client that reads back what it wrote and waits for what it started.

An instance is `creating`, `modifying`, `rebooting`, `starting` or `stopping` until its body (rds.py) says
otherwise; it has an endpoint once it first accepted connections. Changes are applied at once, as with
ApplyImmediately.
"""

import datetime
import json
import string
from collections.abc import Callable, Iterable, Mapping, Set
from secrets import choice, token_urlsafe
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.rds.exceptions import (
    DBParameterGroupNotFoundError,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBInstance, DBParameterGroup, Event, MasterUserSecret, RDSBackend
from moto.rds.responses import RDSResponse

from rehearsal.cloud.moto_patch import patch
from rehearsal.cloud.rds.parameters import FormulaError, InstanceClass, evaluate
from rehearsal.cloud.rds.postgres_installation import installation_for

_MIB = 1024 * 1024
# Fields that moto drops when an instance is created, with what RDS says where none is given.
_KEPT = {
    "performance_insights_kms_key_id": None,
    "performance_insights_retention_period": None,
    "database_insights_mode": "standard",
    "dedicated_log_volume": False,
    "engine_lifecycle_support": "open-source-rds-extended-support",
    "network_type": "IPV4",
    "backup_target": "region",
}
# Request fields of ModifyDBInstance whose name differs from that of the answer's.
_RENAMED = {"enable_performance_insights": "performance_insights_enabled", "db_port_number": "port"}
# What the body tells of an instance. Source: "Amazon RDS event categories and event messages" of its guide,
# RDS-EVENT-0006, -0013, -0049.
_EVENTS = {
    name: {"Categories": [category], "Message": message}
    for name, category, message in (
        ("RESTARTED", "availability", "DB instance restarted"),
        ("FAILOVER_STARTED", "failover", "Multi-AZ instance failover started."),
        ("FAILOVER_COMPLETED", "failover", "Multi-AZ instance failover completed"),
    )
}

_init, _update = DBInstance.__init__, DBInstance.update
_stop, _delete = RDSBackend.stop_db_instance, RDSBackend.delete_db_instance
_delete_group = RDSBackend.delete_db_parameter_group
_update_parameters = DBParameterGroup.update_parameters


def patch_moto() -> None:
    """Replace what falls short; once a process."""
    patch(
        DBInstance,
        __init__=_create,
        update=_modify,
        address=property(lambda instance: instance.body_address),
        endpoint=property(_endpoint),
        db_parameter_group_status_list=property(_parameter_group_status),
        certificate_details=property(_certificate_details),
        default_db_parameter_group_details=_default_parameter_group,
    )
    patch(
        RDSBackend,
        start_db_instance=_start,
        stop_db_instance=_stop_in_time,
        delete_db_instance=_delete_with_snapshot,
        delete_db_parameter_group=_delete_unused_group,
        create_db_instance_read_replica=_refuse("CreateDBInstanceReadReplica"),
        restore_db_instance_to_point_in_time=_refuse("RestoreDBInstanceToPointInTime"),
    )
    patch(MasterUserSecret, _generate_secret_string=_managed_password)
    patch(DBParameterGroup, update_parameters=_update_user_parameters)
    patch(RDSResponse, reboot_db_instance=_reboot, reset_db_parameter_group=_reset_parameter_group)
    Event.EVENT_MAP.update(_EVENTS)


def instance_class(instance: Any) -> InstanceClass:
    """Memory and processors of a DB instance; its class is that of EC2 with `db.` before it."""
    hardware = INSTANCE_TYPES[instance.db_instance_class.removeprefix("db.")]
    return InstanceClass(
        memory=hardware["MemoryInfo"]["SizeInMiB"] * _MIB,
        vcpu=hardware["VCpuInfo"]["DefaultVCpus"],
        allocated_storage=int(instance.allocated_storage),
        port=int(instance.port),
    )


def master_password(instance: Any) -> str:
    """The master user's password: given, or RDS's own in the secret that it manages."""
    if not instance.manage_master_user_password:
        return str(instance._master_user_password)
    secret: Any = instance.master_user_secret.secret
    return str(json.loads(secret.versions[secret.default_version_id]["secret_string"])["password"])


def group_parameters(instance: Any) -> Mapping[str, Mapping[str, str]]:
    """What the user set in the instance's parameter group, by name."""
    return dict(instance.db_parameter_groups()[0].parameters)


def other_zone(instance: Any, lost: Set[str]) -> str | None:
    """Where a standby can be: in a zone of the instance's subnets that is neither its own nor lost."""
    own = str(instance.availability_zone)
    group = getattr(instance, "db_subnet_group", None)
    zones = {subnet.availability_zone for subnet in group._subnets} if group else set()
    others = zones - {own} or {own[:-1] + ("b" if own.endswith("a") else "a")}
    return min(others - lost, default=None)


def _create(instance: Any, *args: Any, **kwargs: Any) -> None:
    _check_class(kwargs["db_instance_class"])
    if kwargs["engine"] == "postgres":
        _check_master(kwargs)
        kwargs["engine_version"] = kwargs.get("engine_version") or str(installation_for("").major)
    instance.body_address = ""
    instance.failover_wanted = False
    instance.restored_from = kwargs.get("restored_from")  # a snapshot, whose data its body begins with
    instance.secondary_availability_zone = None
    _init(instance, *args, **kwargs)
    if instance.storage_encrypted and not kwargs.get("kms_key_id"):
        instance.kms_key_id = instance.backend.kms.describe_key("alias/aws/rds").arn
    instance.dbi_resource_id = "db-" + "".join(
        choice(string.ascii_uppercase + string.digits) for _ in range(26)
    )
    instance.parameter_apply_status = "in-sync"
    instance.performance_insights_enabled = bool(kwargs.get("enable_performance_insights"))
    for name, default in _KEPT.items():
        setattr(instance, name, kwargs.get(name, default))
    if instance.performance_insights_enabled:
        instance.performance_insights_retention_period = instance.performance_insights_retention_period or 7
    if instance.engine == "postgres":
        instance.status = "creating"


def _modify(instance: Any, **changes: Any) -> None:
    if "db_instance_class" in changes:
        _check_class(changes["db_instance_class"])
    _update(instance, **changes)
    for asked, answered in _RENAMED.items():
        if asked in changes:
            setattr(instance, answered, changes[asked])
    if instance.engine == "postgres" and instance.status == "available":
        instance.status = "modifying"


def _check_master(kwargs: Mapping[str, Any]) -> None:
    if kwargs.get("master_username") in (None, "", "rdsadmin"):
        raise InvalidParameterValue("MasterUsername must be given, and not be rdsadmin.")
    if not kwargs.get("master_user_password") and not kwargs.get("manage_master_user_password"):
        raise InvalidParameterValue("MasterUserPassword or ManageMasterUserPassword must be given.")


def _check_class(name: str) -> None:
    if name.removeprefix("db.") not in INSTANCE_TYPES:
        raise InvalidParameterValue(f"Invalid DB Instance class: {name}")


def _managed_password(secret: Any) -> str:
    # moto's own is the same for all and names a user that there is not.
    return json.dumps({"username": secret.resource.master_username, "password": token_urlsafe(24)})


def _endpoint(instance: Any) -> dict[str, Any] | None:
    if not instance.body_address:
        return None
    return {"Address": instance.body_address, "Port": instance.port, "HostedZoneId": "Z1PVIF0B656C1W"}


def _parameter_group_status(instance: Any) -> list[dict[str, str]]:
    name = instance.db_parameter_groups()[0].name
    return [{"DBParameterGroupName": name, "ParameterApplyStatus": instance.parameter_apply_status}]


def _certificate_details(instance: Any) -> dict[str, Any]:
    valid_till = instance.created + datetime.timedelta(days=365)
    return {"CAIdentifier": instance.ca_certificate_identifier, "ValidTill": valid_till}


def _default_parameter_group(instance: Any) -> tuple[str, str]:
    family = f"{instance.engine}{instance.engine_version.split('.')[0]}"
    return family, f"default.{family}"


def _reboot(response: Any) -> ActionResult:
    instance = response.backend.describe_db_instances(response.params["DBInstanceIdentifier"])[0]
    failover = bool(response.params.get("ForceFailover"))
    if instance.status not in ("available", "incompatible-parameters"):
        raise _wrong_state(instance, "rebooted")
    if failover and not instance.multi_az:
        raise InvalidParameterCombination(
            "ForceFailover needs a standby, and DB instance "
            f"{instance.db_instance_identifier} is not Multi-AZ: set MultiAZ, or reboot without it."
        )
    instance.failover_wanted = failover
    instance.status = "rebooting"
    return ActionResult({"DBInstance": instance})


def _start(backend: Any, db_instance_identifier: str) -> Any:
    instance = backend.describe_db_instances(db_instance_identifier)[0]
    if instance.status != "stopped":
        raise _wrong_state(instance, "started")
    instance.status = "starting"
    return instance


def _stop_in_time(backend: Any, *args: Any, **kwargs: Any) -> Any:
    instance = _stop(backend, *args, **kwargs)
    instance.status = "stopping"
    return instance


def _wrong_state(instance: Any, participle: str) -> RDSClientError:
    return RDSClientError(
        "InvalidDBInstanceState",
        f"Instance {instance.db_instance_identifier} cannot be {participle}: it is {instance.status}.",
    )


def _refuse(action: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise InvalidParameterCombination(f"{action} has no body in rehearsal.")

    return refuse


def _delete_with_snapshot(
    backend: Any,
    db_instance_identifier: str,
    final_db_snapshot_identifier: str | None = None,
    skip_final_snapshot: bool | None = False,
    delete_automated_backups: bool | None = True,
) -> Any:
    if not skip_final_snapshot and not final_db_snapshot_identifier:
        raise InvalidParameterCombination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        )
    return _delete(
        backend,
        db_instance_identifier,
        final_db_snapshot_identifier,
        skip_final_snapshot,
        delete_automated_backups,
    )


def _delete_unused_group(backend: Any, name: str) -> Any:
    users = [
        instance.db_instance_identifier
        for instance in list(backend.databases.values())
        if instance.db_parameter_group_name == name
    ]
    if users:
        raise RDSClientError(
            "InvalidDBParameterGroupState", f"The parameter group {name} is used by {', '.join(users)}."
        )
    return _delete_group(backend, name)


def _update_user_parameters(group: Any, changes: Iterable[dict[str, Any]]) -> None:
    any_class = InstanceClass(memory=1 << 30, vcpu=2, allocated_storage=20, port=5432)
    wanted = list(changes)
    for change in wanted:
        if "{" in change.get("ParameterValue", ""):
            try:
                evaluate(change["ParameterValue"], any_class)
            except FormulaError as error:
                raise InvalidParameterValue(str(error)) from error
    static = installation_for(group.family.removeprefix("postgres")).static_parameters
    for change in wanted:
        is_static = change["ParameterName"] in static
        change.update(Source="user", IsModifiable=True, ApplyType="static" if is_static else "dynamic")
    _update_parameters(group, wanted)


def _reset_parameter_group(response: Any) -> ActionResult:
    name = response.params["DBParameterGroupName"]
    group = response.backend.db_parameter_groups.get(name)
    if group is None:
        raise DBParameterGroupNotFoundError(name)
    names = [parameter["ParameterName"] for parameter in response.params.get("Parameters", [])]
    for parameter in list(group.parameters) if response.params.get("ResetAllParameters") else names:
        group.parameters.pop(parameter, None)
    return ActionResult({"DBParameterGroupName": group.name})
