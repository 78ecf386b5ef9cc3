"""Providers that make nothing: what they create exists in the engine's state only."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.offline.provider import server
from rehearsal.offline.provider.aws import Aws, entry_of
from rehearsal.offline.provider.random import Random
from rehearsal.offline.provider.server import Operation, Provider, Servicer
from rehearsal.offline.provider.values import Properties, SecretOutput, words
from testkit.registered import computed, looked_up


class InventedAws(Aws):
    """Completes and compares inputs as the rehearsal's own provider does, and invents what AWS would add."""

    def check(self, operation: Operation, old: Properties, new: Properties, seed: bytes) -> Properties:
        """The inputs, completed; without the seed, so that a resource's name is always the same."""
        return super().check(operation, old, new, seed=b"")

    def create(self, operation: Operation, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        """The inputs, and a value for each output, by the resource's name."""
        entry = entry_of(operation.type)
        known = computed(operation.type, operation.name)
        added = {key: known.get(key, f"{key} of {operation.name}") for key in words(entry.outputs)}
        hidden = {key: SecretOutput(inputs[key]) for key in words(entry.secrets) if key in inputs}
        return f"{operation.name}-id", {**added, **inputs, **hidden}

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """What a look-up finds in every account."""
        return looked_up(token, arguments)


class InventedRandom(Random):
    """Values that are always the same."""

    def create(self, operation: Operation, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        """A password or a suffix by the resource's name."""
        known = computed(operation.type, operation.name)
        return operation.name, {**inputs, "result": SecretOutput(known["result"]), "hex": known["hex"]}


class _Attached(Servicer):
    """A provider that is there before the engine, which tells its address when it comes."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The engine has come."""
        super().__init__(self._provider, request.address)
        return empty_pb2.Empty()


@contextmanager
def serving() -> Iterator[str]:
    """Both providers, until the block ends; gives the value of PULUMI_DEBUG_PROVIDERS that leads to them."""
    providers: list[Provider] = [InventedAws(), InventedRandom()]
    listening = {}
    servers = []
    for provider in providers:
        grpc_server = grpc.server(ThreadPoolExecutor(server.THREADS))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(_Attached(provider), grpc_server)
        listening[provider.name] = grpc_server.add_insecure_port("127.0.0.1:0")
        grpc_server.start()
        servers.append(grpc_server)
    try:
        yield ",".join(f"{name}:{port}" for name, port in listening.items())
    finally:
        for each in servers:
            each.stop(grace=None)
