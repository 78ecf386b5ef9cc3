"""Pulumi's language host for Python, where the official `pulumi-language-python` can't be had.

The engine starts it as `pulumi-language-python ENGINE_ADDRESS`, reads its port from the first line of stdout
and calls it over gRPC. The SDK's own automation server runs the program; this adds what a plain `pulumi up`
asks of a host besides. It runs in the project's virtual environment and ends when the engine does.
"""

import gc
import json
import os
import re
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pulumi import RunError, log
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

# The SDK's own limit for its servers; a policy pack or a large program passes gRPC's default of 4 MiB.
MAX_MESSAGE_BYTES = 400 * 1024 * 1024


class LanguageHost(LanguageServer):
    """The SDK's language server, told at each run which program to run."""

    def __init__(self) -> None:
        super().__init__(program=lambda: None)

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Runs the program. An error is shown once, by the program's log; the engine is told to bail out."""
        del request.args[:]
        request.args.append(sys.argv[1])  # the SDK's server takes the engine's address from here
        self.program = lambda: run_program(request.info)
        if not shows_debug_messages(engine_command()):
            # Five blocking calls a resource, an eighth of a run, for what nobody sees.
            log.debug = lambda *_, **__: None
        result = super().Run(request, context)  # type: ignore[no-untyped-call]  # the SDK has no types here
        return language_pb2.RunResponse(bail=True) if result.error else result

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The provider plugins whose SDKs are installed, so that the engine can find them beforehand."""
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(name=name, kind="resource", version=version)
                for name, version in provider_sdks()
            ]
        )

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        installed = {
            str(canonicalize_name(package.name)): package.version for package in metadata.distributions()
        }
        if not request.transitiveDependencies:
            for name in required_by_others():
                installed.pop(name, None)
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in sorted(installed.items())
            ]
        )

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """`pulumi install`: the project's requirements into the environment that this host runs in."""
        command = [sys.executable, "-m", "pip", "install", "--requirement", "requirements.txt"]
        process = start(command, directory=request.info.program_directory, context=context)
        exit_code = yield from streamed(process, language_pb2.InstallDependenciesResponse)
        if exit_code:
            context.abort(grpc.StatusCode.INTERNAL, f"'{' '.join(command)}' ended with exit code {exit_code}")

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Starts a policy pack. Plugins of other kinds are not written in Python here."""
        if request.kind != "analyzer":
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED, f"this language host runs policy packs, not '{request.kind}'"
            )
        command = [sys.executable, "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory]
        environment = dict(entry.split("=", 1) for entry in request.env)
        process = start(command, directory=request.pwd, context=context, environment=environment)
        exit_code = yield from streamed(process, language_pb2.RunPluginResponse)
        yield language_pb2.RunPluginResponse(exitcode=exit_code)


def engine_command() -> list[str]:
    """The engine's command line, which alone tells what it shows; empty where there is no /proc."""
    try:
        return Path(f"/proc/{os.getppid()}/cmdline").read_text().split("\0")
    except OSError:
        return []


def shows_debug_messages(command: list[str]) -> bool:
    """Whether the engine was asked for them: `--debug` or `--verbose`, or `d` or `v` among short flags."""
    return not command or any(re.match(r"--debug|--verbose|-\w*[dv]", argument) for argument in command)


def run_program(info: Any) -> None:
    """Runs the project's `__main__.py` as the official host does; its exceptions become readable traces."""
    refuse_other_environment(info)
    os.chdir(info.program_directory)
    program = Path(info.program_directory, info.entry_point).resolve()
    if not (program / "__main__.py").is_file():
        raise RunError(f"There is no program: {program / '__main__.py'} is missing.")
    sys.argv = [str(program)]
    gc.disable()  # the AWS SDK's many objects stay: to look through them takes a tenth of a run
    try:
        runpy.run_path(str(program), run_name="__main__")
    except RunError:
        raise
    except SystemExit as end:
        if end.code not in (None, 0):
            raise RunError(f"The program ended itself with {end.code!r}.") from end
    except Exception as error:
        raise RunError(f"Program failed with an unhandled exception:\n{own_trace(error, program)}") from error
    finally:
        gc.freeze()
        gc.enable()


def own_trace(error: Exception, program: Path) -> str:
    """The traceback from the program's first own frame on; this host's and runpy's tell a reader nothing."""
    frames = traceback.extract_tb(error.__traceback__)
    own = next((n for n, frame in enumerate(frames) if Path(frame.filename).is_relative_to(program)), 0)
    return "".join(traceback.format_exception(error, limit=own - len(frames))).rstrip()


def refuse_other_environment(info: Any) -> None:
    """One interpreter serves one environment: `runtime.options.virtualenv` has to name the one running."""
    options = dict(info.options)
    if "virtualenv" not in options:
        return
    wanted = Path(info.root_directory, options["virtualenv"])
    if wanted.resolve() != Path(sys.prefix).resolve():
        raise RunError(
            f"Pulumi.yaml's runtime.options.virtualenv is '{options['virtualenv']}' ({wanted}), and this "
            f"language host runs in {sys.prefix}. Run `make up` with that environment's Python, or fix it."
        )


def provider_sdks() -> list[tuple[str, str]]:
    """Name and version of each provider whose SDK is installed: each carries a `pulumi-plugin.json`."""
    sdks = []
    for package in metadata.distributions():
        if not package.name.startswith(("pulumi-", "pulumi_")):
            continue
        for file in package.files or []:
            if file.name == "pulumi-plugin.json":
                plugin = json.loads(file.read_text())
                if plugin["resource"]:  # others, as the SDK of policy packs, need no plugin
                    sdks.append((plugin["name"], plugin["version"]))
    return sorted(sdks)


def required_by_others() -> set[str]:
    """The distributions that another installed one requires, by normalized name."""
    return {
        canonicalize_name(Requirement(line).name)
        for package in metadata.distributions()
        for line in package.requires or []
    }


def start(
    command: list[str],
    *,
    directory: str,
    context: grpc.ServicerContext,
    environment: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """A child that ends when the engine ends the call."""
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    context.add_callback(process.kill)
    return process


def streamed(process: subprocess.Popen[bytes], response: Any) -> Generator[Any, None, int]:
    """The child's output as gRPC messages while it comes; returns its exit code."""
    with selectors.DefaultSelector() as outputs:
        for name in ("stdout", "stderr"):
            outputs.register(getattr(process, name), selectors.EVENT_READ, name)
        while outputs.get_map():
            for key, _ in outputs.select():
                chunk = os.read(key.fd, 65536)
                if chunk:
                    yield response(**{key.data: chunk})
                else:
                    outputs.unregister(key.fileobj)
    return process.wait()


def end_with(parent: int) -> None:
    """Ends this process soon after its parent: an engine that is killed must not leave hooks running."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def main() -> None:
    """Serves until the engine sends SIGINT, when all that was under way has finished.

    A user's Ctrl-C never comes here: the engine gives its plugins a process group of their own.
    """
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    # A signal that comes just before a lock is waited for does not end the wait; a byte does.
    ended, end = socket.socketpair()
    end.setblocking(False)
    signal.set_wakeup_fd(end.fileno())
    signal.signal(signal.SIGINT, lambda *_: None)
    server = grpc.server(
        ThreadPoolExecutor(),
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    ended.recv(1)
    server.stop(grace=0).wait()  # ends the policy packs' calls, and with them the packs
    os._exit(0)


if __name__ == "__main__":
    main()
