"""Calls that AWS refuses, each with AWS's error code."""

from tests.rehearsal.cloud.mistakes.network import NETWORK
from tests.rehearsal.cloud.mistakes.others import (
    NAMES_AND_OBJECTS,
    ROLES,
    SECRETS,
    TASKS,
    WATCHING,
)
from tests.rehearsal.cloud.mistakes.servers import AUTO_SCALING, BALANCING, INSTANCES
from tests.rehearsal.cloud.mistakes.stores import DATABASES, STORES

MISTAKES = (
    *NETWORK,
    *INSTANCES,
    *AUTO_SCALING,
    *BALANCING,
    *DATABASES,
    *STORES,
    *ROLES,
    *SECRETS,
    *WATCHING,
    *TASKS,
    *NAMES_AND_OBJECTS,
)
