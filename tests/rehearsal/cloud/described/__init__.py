"""Each resource type of the stacks, put by a client that is not ours, and as the cloud then describes it."""

from tests.rehearsal.cloud.described import network, operations, servers, storage, stores

PUTS = {**network.PUTS, **servers.PUTS, **stores.PUTS, **storage.PUTS, **operations.PUTS}
"""By Pulumi's name of the type: puts one and asks for it."""
