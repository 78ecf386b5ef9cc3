"""Keys, certificates, secrets and parameters."""

from functools import partial

from tests.rehearsal.cloud.mistakes.mistake import Mistake

acm = partial(Mistake, service="acm")
kms = partial(Mistake, service="kms")
secretsmanager = partial(Mistake, service="secretsmanager")
ssm = partial(Mistake, service="ssm")
SECRETS = (
    kms(
        what="a key's name without its prefix",
        operation="CreateAlias",
        members={"AliasName": "new", "TargetKeyId": "{key}"},
        code="ValidationException",
    ),
    kms(
        what="a key that is not there",
        operation="CreateAlias",
        members={"AliasName": "alias/new", "TargetKeyId": "00000000-0000-0000-0000-000000000000"},
        code="NotFoundException",
    ),
    kms(
        what="a key that dies in five days",
        operation="ScheduleKeyDeletion",
        members={"KeyId": "{key}", "PendingWindowInDays": 5},
        code="ValidationException",
    ),
    kms(
        what="a kind of key that there is not",
        operation="CreateKey",
        members={"KeySpec": "RSA_1024"},
        code="ValidationException",
    ),
    ssm(
        what="a parameter's name with a space",
        operation="PutParameter",
        members={"Name": "/new one", "Value": "x", "Type": "String"},
        code="ValidationException",
    ),
    ssm(
        what="a parameter's name of AWS's own",
        operation="PutParameter",
        members={"Name": "/aws/new", "Value": "x", "Type": "String"},
        code="AccessDeniedException",
    ),
    ssm(
        what="a parameter of a type that there is not",
        operation="PutParameter",
        members={"Name": "/new", "Value": "x", "Type": "Text"},
        code="ValidationException",
    ),
    ssm(
        what="a parameter of more than 4096 characters",
        operation="PutParameter",
        members={"Name": "/new", "Value": "x" * 4097, "Type": "String", "Tier": "Standard"},
        code="ValidationException",
    ),
    ssm(
        what="a parameter's value that its pattern forbids",
        operation="PutParameter",
        members={"Name": "/new", "Value": "x", "Type": "String", "AllowedPattern": r"^\d+$"},
        code="ParameterPatternMismatchException",
    ),
    ssm(
        what="a parameter that stands already",
        operation="PutParameter",
        members={"Name": "/standing", "Value": "x", "Type": "String"},
        code="ParameterAlreadyExists",
    ),
    ssm(
        what="a parameter among AWS' own",
        operation="PutParameter",
        members={"Name": "/aws/service/new", "Value": "x", "Type": "String"},
        code="AccessDeniedException",
    ),
    ssm(
        what="an image's public parameter",
        operation="DeleteParameter",
        members={"Name": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"},
        code="ParameterNotFound",
    ),
    ssm(
        what="a parameter that is not there",
        operation="GetParameter",
        members={"Name": "/absent"},
        code="ParameterNotFound",
    ),
    secretsmanager(
        what="a secret's name with a space",
        operation="CreateSecret",
        members={"Name": "new secret", "SecretString": "x"},
        code="ValidationException",
    ),
    secretsmanager(
        what="a secret in text and in bytes",
        operation="CreateSecret",
        members={"Name": "new", "SecretString": "x", "SecretBinary": b"x"},
        code="InvalidParameterException",
    ),
    secretsmanager(
        what="a secret that stands already",
        operation="CreateSecret",
        members={"Name": "standing", "SecretString": "x"},
        code="ResourceExistsException",
    ),
    secretsmanager(
        what="a secret that can be recovered for five days",
        operation="DeleteSecret",
        members={"SecretId": "standing", "RecoveryWindowInDays": 5},
        code="InvalidParameterException",
    ),
    secretsmanager(
        what="a secret that is not there",
        operation="PutSecretValue",
        members={"SecretId": "absent", "SecretString": "x"},
        code="ResourceNotFoundException",
    ),
    acm(
        what="a certificate for what is no name",
        operation="RequestCertificate",
        members={"DomainName": "not a name", "ValidationMethod": "DNS"},
        code="ValidationException",
    ),
    acm(
        what="a certificate that is not there",
        operation="DescribeCertificate",
        members={"CertificateArn": "{certificate}0"},
        code="ResourceNotFoundException",
    ),
    acm(
        what="a certificate in use",
        operation="DeleteCertificate",
        members={"CertificateArn": "{certificate}"},
        code="ResourceInUseException",
    ),
)
