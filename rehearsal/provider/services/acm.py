"""ACM: certificates, and the wait until one is issued."""

from rehearsal.provider.resource import Ready, Resource, Tags, call

RESOURCES = [
    Resource(
        type="aws:acm/certificate:Certificate",
        service="acm",
        create=call("request_certificate"),
        id="CertificateArn",
        read=(call("describe_certificate", "Certificate", CertificateArn="{id}"),),
        delete=call("delete_certificate", CertificateArn="{id}"),
        fixed="domainName validationMethod",
        state={
            "arn": "CertificateArn",
            "validationMethod": "DomainValidationOptions[0].ValidationMethod",
            "domainValidationOptions": "DomainValidationOptions[].{DomainName: DomainName, ResourceRecordName: ResourceRecord.Name, "
            "ResourceRecordType: ResourceRecord.Type, ResourceRecordValue: ResourceRecord.Value}",
        },
        outputs="arn domainValidationOptions status",
        tags=Tags(
            add=call("add_tags_to_certificate", CertificateArn="{id}", Tags="{tags}"),
            remove=call("remove_tags_from_certificate", CertificateArn="{id}", Tags="{tags}"),
            read=call("list_tags_for_certificate", "Tags", CertificateArn="{id}"),
        ),
        ready=Ready(when="DomainValidationOptions[0].ResourceRecord", says="'waits for its DNS record'"),
    ),
    Resource(
        type="aws:acm/certificateValidation:CertificateValidation",
        service="acm",
        create=call("describe_certificate", CertificateArn="{certificateArn}"),
        id="Certificate.CertificateArn",
        read=(call("describe_certificate", "Certificate", CertificateArn="{certificateArn}"),),
        delete=None,
        fixed="certificateArn validationRecordFqdns",
        local="validationRecordFqdns",
        ready=Ready(when="Status == 'ISSUED'", says="Status", failed="Status == 'FAILED'"),
        timeout=4500,
    ),
]
