"""The security and reliability controls that stack `prod` holds, by the inputs of its resources.

Not held, on purpose: ELB.16 (no WAF), SecretsManager.1 (no rotation), and ELB.18 for the listener of port 80,
which only redirects. The log groups that AWS makes by itself (`RDSOSMetrics`, Container Insights) are not
resources of the program.
"""

from tests.unit.controls.network import NETWORK
from tests.unit.controls.servers import SERVERS
from tests.unit.controls.storage import STORAGE
from tests.unit.controls.stores import STORES

CONTROLS = (*STORES, *SERVERS, *NETWORK, *STORAGE)
