"""What a server is told of the stores that its app talks to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi

from components.database import Database
from components.existing_database import ExistingDatabase
from components.redis_store import RedisStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Backends:
    """Addresses and secrets; an endpoint is `host:port`. Empty where the stack has no such store."""

    ca_bundle_url: str
    """The authorities that the stores' certificates are of."""
    database_secret_arn: pulumi.Input[str] = ""
    redis_secret_arn: pulumi.Input[str] = ""
    cache_redis_secret_arn: pulumi.Input[str] = ""
    database_endpoint: pulumi.Input[str] = ""
    """With the database's name: `host:port/name`."""
    redis_endpoint: pulumi.Input[str] = ""
    cache_redis_endpoint: pulumi.Input[str] = ""
    kms_key_arns: Sequence[str] = ()
    """That encrypt the secrets, besides the stack's."""

    @classmethod
    def of(
        cls,
        *,
        database: Database | ExistingDatabase | None,
        sessions: RedisStore | None,
        cache: RedisStore | None,
        ca_bundle_url: str,
    ) -> "Backends":
        """Of the stores that there are; `cache` is the same as `sessions` where one serves for both."""
        backends = cls(ca_bundle_url=ca_bundle_url)
        if database:
            place = pulumi.Output.format(
                "{0}:{1}/{2}", database.address, database.port, database.database_name
            )
            backends = replace(
                backends,
                database_secret_arn=database.app_secret_arn,
                database_endpoint=place,
                kms_key_arns=database.kms_key_arns,
            )
        if sessions and cache:
            backends = replace(
                backends,
                redis_secret_arn=sessions.secret_arn,
                redis_endpoint=sessions.endpoint,
                cache_redis_secret_arn=cache.secret_arn,
                cache_redis_endpoint=cache.endpoint,
            )
        return backends

    @property
    def secret_arns(self) -> list[pulumi.Input[str]]:
        """Of the stores that there are."""
        arns = (self.database_secret_arn, self.redis_secret_arn, self.cache_redis_secret_arn)
        return [arn for arn in arns if isinstance(arn, pulumi.Output) or arn]
