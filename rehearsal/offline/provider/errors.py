"""What can go wrong, by kind: a mistake in the program, an API's refusal, a wait that ended badly."""

import re

from botocore.exceptions import ClientError

from rehearsal.offline.provider.values import Properties

IN_USE = re.compile(
    r"^(DependencyViolation|ResourceInUse|CacheParameterGroupInUse|InvalidCacheParameterGroupState|InvalidDBParameterGroupState)$"
)
GONE = re.compile(r"NotFound|NoSuch|NonExistent|DoesNotExist|^404$")


class UnsupportedType(Exception):
    """A resource type or a function that the table has no entry for."""

    def __init__(self, token: str) -> None:
        super().__init__(
            f"'{token}' is not in the rehearsal's provider. Add an entry to "
            "rehearsal/offline/provider/services, or run with the official plugin on PATH "
            f"(pulumi-resource-{token.partition(':')[0]})."
        )


class UnsupportedInput(Exception):
    """An input, or a part of one, that a type's entry does not pass to the API."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class NotSettled(Exception):
    """A resource failed, or did not become ready in time."""


class Interrupted(Exception):
    """The user ended the deployment while a resource was waited for."""


class InitFailed(Exception):
    """The resource exists, with this id and these properties, but its creation or update did not finish."""

    def __init__(self, resource_id: str, properties: Properties, reason: str) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.properties = properties


def is_in_use(error: ClientError) -> bool:
    """Whether the API won't delete it before something else is gone."""
    return IN_USE.search(error.response.get("Error", {}).get("Code", "")) is not None


def is_gone(error: ClientError) -> bool:
    """Whether the API says that the resource does not exist."""
    return GONE.search(error.response.get("Error", {}).get("Code", "")) is not None
