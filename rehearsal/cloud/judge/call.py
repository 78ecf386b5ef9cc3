"""A call of the AWS API: which operation, with which members."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedCall:
    """One call, with its members as boto3 takes them."""

    service: str
    """boto3's name, such as `elbv2`."""
    operation: str
    """Such as `CreateLoadBalancer`."""
    members: dict[str, Any]
    region: str = "us-east-1"

    @property
    def model(self) -> OperationModel:
        """What botocore knows of the operation."""
        return service_model(self.service).operation_model(self.operation)

    @property
    def shape(self) -> Shape | None:
        """Of the members; None for an operation that has none."""
        return self.model.input_shape


@cache
def service_model(service: str) -> ServiceModel:
    """The service as botocore has it, by botocore's name: `autoscaling`, not `Auto Scaling`."""
    return _session().get_service_model(service)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()
