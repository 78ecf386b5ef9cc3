"""Route 53: records."""

from typing import Any

from rehearsal.provider.resource import Resource, Step, call
from rehearsal.provider.work import Work


def record(work: Work, inputs: dict[str, Any]) -> dict[str, Any]:
    """The record set, as the API writes it."""
    made: dict[str, Any] = {"Name": inputs["name"], "Type": inputs["type"]}
    if inputs.get("aliases"):
        (alias,) = inputs["aliases"]
        return made | {
            "AliasTarget": {
                "DNSName": alias["name"],
                "HostedZoneId": alias["zoneId"],
                "EvaluateTargetHealth": alias["evaluateTargetHealth"],
            }
        }
    values = [{"Value": each} for each in inputs.get("records", [])]
    return made | {"TTL": inputs["ttl"], "ResourceRecords": values}


def change(work: Work, action: str, inputs: dict[str, Any]) -> dict[str, str]:
    """CREATE, UPSERT or DELETE."""
    changes = [{"Action": action, "ResourceRecordSet": record(work, inputs)}]
    work.api.change_resource_record_sets(HostedZoneId=inputs["zoneId"], ChangeBatch={"Changes": changes})
    return {"Id": "_".join([inputs["zoneId"], inputs["name"], inputs["type"]])}


INPUTS = "zoneId name type ttl records aliases"

RESOURCES = [
    Resource(
        type="aws:route53/record:Record",
        service="route53",
        create=Step(run=lambda work: change(work, "CREATE", work.inputs), inputs=INPUTS),
        id="Id",
        read=(
            call(
                "list_resource_record_sets",
                "ResourceRecordSets[0]",
                HostedZoneId="{zoneId}",
                StartRecordName="{name}",
                StartRecordType="{type}",
                MaxItems="1",
            ),
        ),
        update=(Step(run=lambda work: change(work, "UPSERT", work.inputs), inputs=INPUTS),),
        delete=Step(run=lambda work: change(work, "DELETE", work.inputs), inputs=""),
        fixed="zoneId name type",
        state={
            "fqdn": "Inputs.name",
            # The API writes the name of an absolute domain with its dot.
            "name": "Inputs.name",
            "records": "ResourceRecords[].Value",
            "ttl": "TTL",
            "aliases": "AliasTarget && [AliasTarget.{name: DNSName, zoneId: HostedZoneId, evaluateTargetHealth: EvaluateTargetHealth}]",
        },
        outputs="fqdn",
    ),
]
