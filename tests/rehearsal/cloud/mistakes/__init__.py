"""Calls that AWS refuses, each with AWS's error code."""

from tests.rehearsal.cloud.mistakes.auto_scaling import AUTO_SCALING
from tests.rehearsal.cloud.mistakes.balancing import BALANCING
from tests.rehearsal.cloud.mistakes.databases import DATABASES
from tests.rehearsal.cloud.mistakes.instances import INSTANCES
from tests.rehearsal.cloud.mistakes.names_and_objects import NAMES_AND_OBJECTS
from tests.rehearsal.cloud.mistakes.network import NETWORK
from tests.rehearsal.cloud.mistakes.parameter_groups import PARAMETER_GROUPS
from tests.rehearsal.cloud.mistakes.roles import ROLES
from tests.rehearsal.cloud.mistakes.secrets import SECRETS
from tests.rehearsal.cloud.mistakes.stores import STORES
from tests.rehearsal.cloud.mistakes.tasks import TASKS
from tests.rehearsal.cloud.mistakes.watching import WATCHING

MISTAKES = (
    *NETWORK,
    *INSTANCES,
    *AUTO_SCALING,
    *BALANCING,
    *DATABASES,
    *PARAMETER_GROUPS,
    *STORES,
    *ROLES,
    *SECRETS,
    *WATCHING,
    *TASKS,
    *NAMES_AND_OBJECTS,
)
