"""Route 53: records."""

from typing import Any

from rehearsal.offline.provider.resource import Resource, SeveralCalls, Work

INPUTS = "zoneId name type ttl records aliases allowOverwrite"


def fqdn(work: Work) -> str:
    """The record's full name: the zone's is added to a name that lacks it."""
    zone = str(work.api.get_hosted_zone(Id=work.inputs["zoneId"])["HostedZone"]["Name"]).rstrip(".")
    name = str(work.inputs["name"]).rstrip(".").lower()
    return name if name == zone or name.endswith(f".{zone}") else f"{name}.{zone}".lstrip(".")


def record_set(work: Work) -> dict[str, Any]:
    """The record as Route 53 takes it."""
    wanted: dict[str, Any] = {"Name": fqdn(work), "Type": work.inputs["type"]}
    if "aliases" in work.inputs:
        (alias,) = work.inputs["aliases"]
        wanted["AliasTarget"] = {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zoneId"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
    else:
        wanted["TTL"] = int(work.inputs["ttl"])
        wanted["ResourceRecords"] = [{"Value": value} for value in work.inputs["records"]]
    return wanted


def change(work: Work, action: str, record: dict[str, Any]) -> None:
    """Changes are in place when the API answers; other resolvers learn of them within the TTL."""
    work.api.change_resource_record_sets(
        HostedZoneId=work.inputs["zoneId"],
        ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]},
    )


def create(work: Work) -> dict[str, Any]:
    """A record that somebody else made is only taken over where `allowOverwrite` says so."""
    record = record_set(work)
    change(work, "UPSERT" if work.inputs.get("allowOverwrite") else "CREATE", record)
    return {"Record": f"{work.inputs['zoneId']}_{record['Name']}_{record['Type']}"}


def update(work: Work) -> None:
    """A record that somebody has deleted meanwhile is made again."""
    change(work, "UPSERT", record_set(work))


def read(work: Work) -> dict[str, Any] | None:
    """The record, its values and aliases in Pulumi's form."""
    name = fqdn(work)
    listed = work.api.list_resource_record_sets(
        HostedZoneId=work.inputs["zoneId"],
        StartRecordName=name,
        StartRecordType=work.inputs["type"],
        MaxItems="1",
    ).get("ResourceRecordSets", [])
    for record in listed:
        if record["Name"].rstrip(".").lower() == name and record["Type"] == work.inputs["type"]:
            return {
                "Fqdn": name,
                "Type": record["Type"],
                "TTL": record.get("TTL"),
                "Records": [value["Value"] for value in record.get("ResourceRecords", [])] or None,
                "Raw": record,
            }
    return None


def delete(work: Work) -> None:
    """Route 53 wants the record as it is."""
    shown = read(work)
    if shown is not None:
        change(work, "DELETE", shown["Raw"])


RESOURCES = [
    Resource(
        type="aws:route53/record:Record",
        service="route53",
        create=SeveralCalls(run=create, inputs=INPUTS),
        id="Record",
        read=(SeveralCalls(run=read),),
        update=(SeveralCalls(run=update, inputs="ttl records aliases"),),
        delete=SeveralCalls(run=delete),
        fixed="zoneId name type",
        local="allowOverwrite",
        state={
            "name": "Inputs.name",
            "aliases": "Raw.AliasTarget && [{name: Raw.AliasTarget.DNSName, zoneId: "
            "Raw.AliasTarget.HostedZoneId, "
            "evaluateTargetHealth: Raw.AliasTarget.EvaluateTargetHealth}]",
        },
        outputs="fqdn",
    ),
]
