"""Types of settings: what a value may be, for pydantic to check. To everyone else they are plain values."""

from ipaddress import IPv4Network, ip_address
from typing import Annotated, Any, Literal, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema
from pydantic_core.core_schema import DataclassSchema

Days = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]
Value = Annotated[str, Field(strict=False, coerce_numbers_to_str=True)]
"""A text that may look like a number: `pulumi config set --path` stores 5 as a number."""
RelativeFolder = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*$")]
"""A folder below another, without a way out of it."""
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A PostgreSQL name that needs no quotes."""
Network = Annotated[IPv4Network, Field(strict=False)]
UrlPath = Annotated[str, Field(pattern=r"^/[^\s?#]*$")]
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]  # fmt: skip
"""What CloudWatch Logs' PutRetentionPolicy accepts."""


T = TypeVar("T")


class FromMapping:
    """Lets a dataclass be given as a mapping, which pydantic's strict mode refuses.

    The dataclass's members stay strict.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        of_dataclass = cast(DataclassSchema, handler.resolve_ref_schema(schema))
        of_dataclass["strict"] = False
        return schema


Section = Annotated[T, FromMapping()]
"""A group of settings."""


def on_loopback(url: str) -> bool:
    """Whether only this machine answers at the URL: `localhost` or an address such as 127.0.0.1."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
