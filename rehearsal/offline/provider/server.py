"""Serves a provider to the Pulumi engine over gRPC.

The SDK's own base class can't say that a resource exists but isn't ready, nor stop a wait when the user
interrupts, so this implements the protocol itself.
"""

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import Any, Protocol

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from rehearsal.offline.provider.diff import Difference
from rehearsal.offline.provider.errors import InitFailed
from rehearsal.offline.provider.values import Properties, from_struct, to_struct

THREADS = 64
"""Operations at the same time; the engine's own default is four a processor."""
MESSAGE_BYTES = 400 * 1024 * 1024
"""The SDK's own limit for a message."""


class Failures(Exception):
    """Inputs that can't be used: property and reason of each."""

    def __init__(self, *failures: tuple[str, str]) -> None:
        super().__init__("; ".join(reason for _, reason in failures))
        self.failures = failures


class Operation:
    """What the engine says about a resource in a request, and a way to answer in its progress display."""

    def __init__(self, request: Any, engine: Any, interrupted: threading.Event) -> None:
        self.urn = request.urn
        self.type = request.type or request.urn.split("::")[2].split("$")[-1]
        self.name = request.name or request.urn.split("::")[-1]
        self.id = getattr(request, "id", "")
        self.timeout = getattr(request, "timeout", 0.0)
        self.interrupted = interrupted
        self._engine = engine

    def log(self, message: str) -> None:
        """Shows a line beside the resource, until the next."""
        self._engine.Log(
            engine_pb2.LogRequest(severity=engine_pb2.INFO, message=message, urn=self.urn, ephemeral=True)
        )


class Provider(Protocol):
    """A package of resource types."""

    name: str

    def configure(self, configuration: Properties) -> None:
        """Takes the provider's inputs. Raises `Failures`."""

    def check(self, operation: Operation, old: Properties, new: Properties, seed: bytes) -> Properties:
        """The inputs, completed. Raises `Failures`."""

    def diff(
        self, operation: Operation, old: Properties, new: Properties
    ) -> tuple[list[Difference], frozenset[str], bool]:
        """What differs, which inputs force a replacement, and whether the old one has to go first."""

    def create(self, operation: Operation, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        """The id and the outputs; in a preview those that can be known."""

    def read(
        self, operation: Operation, inputs: Properties, state: Properties
    ) -> tuple[Properties, Properties] | None:
        """Inputs and outputs as they are; None if the resource is gone."""

    def update(
        self, operation: Operation, old: Properties, new: Properties, state: Properties, preview: bool
    ) -> Properties:
        """The outputs; in a preview those that can be known."""

    def delete(self, operation: Operation, inputs: Properties, state: Properties) -> None:
        """Deletes; what is gone already is as good."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """A function's result."""


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The protocol. The engine sends no secrets as such: it marks outputs itself where inputs are secret."""

    def __init__(self, provider: Provider, engine_address: str) -> None:
        self._provider = provider
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine_address))
        self._interrupted = threading.Event()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version(f"pulumi-{self._provider.name}"))

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        same = request.old_inputs == request.news
        changes = provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=changes)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        def configure() -> Any:
            self._provider.configure(from_struct(request.args))
            return provider_pb2.ConfigureResponse(supportsPreview=True)

        return answer(context, self._provider.name, configure)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        operation = self._operation(request)

        def check() -> Any:
            try:
                inputs = self._provider.check(
                    operation, from_struct(request.olds), from_struct(request.news), request.randomSeed
                )
            except Failures as error:
                failures = [provider_pb2.CheckFailure(property=p, reason=r) for p, r in error.failures]
                return provider_pb2.CheckResponse(inputs=request.news, failures=failures)
            return provider_pb2.CheckResponse(inputs=to_struct(inputs))

        return answer(context, operation.type, check)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        operation = self._operation(request)

        def diff() -> Any:
            old = applied(from_struct(request.old_inputs), from_struct(request.olds))
            differing, replacing, delete_first = self._provider.diff(
                operation, old, from_struct(request.news)
            )
            kind = provider_pb2.PropertyDiff.Kind.Value
            response = provider_pb2.DiffResponse
            return response(
                changes=response.DIFF_SOME if differing else response.DIFF_NONE,
                diffs=sorted({difference.input for difference in differing}),
                replaces=sorted({difference.input for difference in differing} & replacing),
                deleteBeforeReplace=delete_first,
                detailedDiff={
                    difference.path: provider_pb2.PropertyDiff(
                        kind=kind(
                            f"{difference.kind}_REPLACE" if difference.input in replacing else difference.kind
                        ),
                        inputDiff=True,
                    )
                    for difference in differing
                },
                hasDetailedDiff=True,
            )

        return answer(context, operation.type, diff)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        operation = self._operation(request)

        def create() -> Any:
            made, outputs = self._provider.create(operation, from_struct(request.properties), request.preview)
            return provider_pb2.CreateResponse(id=made, properties=to_struct(outputs))

        return answer(context, operation.type, create)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        operation = self._operation(request)

        def read() -> Any:
            seen = self._provider.read(
                operation, from_struct(request.inputs), from_struct(request.properties)
            )
            if seen is None:
                return provider_pb2.ReadResponse()
            inputs, outputs = map(to_struct, seen)
            return provider_pb2.ReadResponse(id=request.id, inputs=inputs, properties=outputs)

        return answer(context, operation.type, read)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        operation = self._operation(request)

        def update() -> Any:
            state = from_struct(request.olds)
            old = applied(from_struct(request.old_inputs), state)
            outputs = self._provider.update(operation, old, from_struct(request.news), state, request.preview)
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))

        return answer(context, operation.type, update)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        operation = self._operation(request)

        def delete() -> Any:
            self._provider.delete(operation, from_struct(request.old_inputs), from_struct(request.properties))
            return empty_pb2.Empty()

        return answer(context, operation.type, delete)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        def invoke() -> Any:
            result = to_struct(self._provider.invoke(request.tok, from_struct(request.args)))
            response = provider_pb2.InvokeResponse()
            getattr(response, "return").CopyFrom(result)  # A word of Python's own.
            return response

        return answer(context, request.tok, invoke)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._interrupted.set()
        return empty_pb2.Empty()

    def _operation(self, request: Any) -> Operation:
        return Operation(request, self._engine, self._interrupted)


def applied(inputs: Properties, state: Properties) -> Properties:
    """The inputs that were applied: after a creation that broke off, the state has only some of them."""
    return {key: state[key] for key in inputs if key in state}


def answer(context: grpc.ServicerContext, what: str, method: Callable[[], Any]) -> Any:
    """The method's response, or its error as the engine shows it to the user."""
    try:
        return method()
    except InitFailed as error:
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=error.resource_id,
                properties=to_struct(error.properties),
                reasons=[f"{what} {error.resource_id}: {error}"],
            )
        )
        status = status_pb2.Status(
            code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail]
        )
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except Exception as error:
        if os.environ.get("PULUMI_PROVIDER_DEBUG"):
            traceback.print_exc()
        context.abort(grpc.StatusCode.UNKNOWN, f"{what}: {error}")


def end_with(parent: int) -> None:
    """Ends this process soon after the engine that started it."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def serve(provider: Provider, engine_address: str) -> None:
    """Answers the engine until it ends; prints the port first, as the engine expects."""
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    server = grpc.server(
        ThreadPoolExecutor(THREADS),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_BYTES),
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider, engine_address), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    signal.sigwait(ends)  # The engine interrupts when it is done with us.
    server.stop(grace=None)
