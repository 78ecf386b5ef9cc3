"""ACM: certificates."""

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import Ready, Resource, Tags

RESOURCES = [
    Resource(
        type="aws:acm/certificate:Certificate",
        service="acm",
        create=call("request_certificate"),
        id="CertificateArn",
        read=(call("describe_certificate", "Certificate", CertificateArn="{id}"),),
        delete=call("delete_certificate", CertificateArn="{id}"),
        fixed="domainName validationMethod subjectAlternativeNames keyAlgorithm options",
        state={
            "arn": "CertificateArn",
            # DNS validation is shown by its record only.
            "validationMethod": "DomainValidationOptions[0].ValidationMethod",
            "domainValidationOptions": "DomainValidationOptions[].{domainName: DomainName, "
            "resourceRecordName: ResourceRecord.Name, resourceRecordType: ResourceRecord.Type, "
            "resourceRecordValue: ResourceRecord.Value}",
        },
        outputs="arn status domainValidationOptions",
        ready=Ready(
            when="DomainValidationOptions[0].ResourceRecord || DomainValidationOptions[0].ValidationEmails",
            failed="Status=='FAILED'",
            says="'waiting for the validation record'",
        ),
        tags=Tags(
            add=call("add_tags_to_certificate", CertificateArn="{id}", Tags="{tags}"),
            remove=call("remove_tags_from_certificate", CertificateArn="{id}", Tags="{tags}"),
            read=call("list_tags_for_certificate", "Tags", CertificateArn="{id}"),
        ),
    ),
    Resource(
        type="aws:acm/certificateValidation:CertificateValidation",
        service="acm",
        create=call("describe_certificate"),
        id="certificateArn",
        read=(call("describe_certificate", "Certificate", CertificateArn="{certificateArn}"),),
        delete=None,
        fixed="certificateArn validationRecordFqdns",
        local="validationRecordFqdns",
        ready=Ready(
            when="Status=='ISSUED'",
            failed="contains(['FAILED', 'VALIDATION_TIMED_OUT', 'REVOKED', 'EXPIRED'], Status)",
            says="Status",
        ),
    ),
]
