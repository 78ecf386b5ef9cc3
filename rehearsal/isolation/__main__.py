"""`start PLAN -- COMMAND` and `enter PID -- COMMAND`: run a command isolated. As root, in one thread.

Nothing that lies inside is run, and no library of it loaded, before this process has given up its rights.
"""

import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from rehearsal.isolation import kernel
from rehearsal.isolation.plan import FIRST_ID, IsolationPlan, of_a_server
from rehearsal.isolation.view import View


def main(arguments: Sequence[str]) -> None:
    """Never returns."""
    action, what, _, *command = arguments
    if action == "start":
        start(IsolationPlan.from_json(what), command)
    else:
        enter(int(what), command)


def start(plan: IsolationPlan, command: Sequence[str]) -> None:
    """Run a command in a view of its own; with `own_processes` as its process 1, until that ends."""
    users = None if plan.users is None else os.open(plan.users, os.O_RDONLY)
    os.umask(0o022)
    view = View(plan, users=users, root=0 if users is None else FIRST_ID)
    kernel.unshare(kernel.NEW_MOUNTS | kernel.NEW_IPC | (kernel.NEW_PROCESSES if plan.own_processes else 0))
    view.build()

    def run(is_orphaned: Callable[[], bool]) -> None:
        view.show_processes()
        view.enter()
        rights = frozenset(plan.capabilities)
        _run(command, is_orphaned, users, user=plan.user, group=plan.group, capabilities=rights)

    if plan.own_processes:
        _run_as_child(run)
    parent = os.getppid()
    run(lambda: os.getppid() != parent)


def enter(pid: int, command: Sequence[str]) -> None:
    """Run a command as root of a server; `pid` is its init."""
    process, here = Path(f"/proc/{pid}"), Path("/proc/self")
    users, *others = (os.open(process / "ns" / kind, os.O_RDONLY) for kind in ("user", "ipc", "pid", "mnt"))
    root = os.open(process / "root", os.O_PATH | os.O_DIRECTORY)
    if os.path.samestat(os.fstat(others[-1]), (here / "ns/mnt").stat()):
        sys.exit(f"process {pid} is no server's any more")
    is_own_user = os.path.samestat(os.fstat(users), (here / "ns/user").stat())
    for namespace in others:
        kernel.join(namespace)
    os.fchdir(root)
    os.chroot(".")
    os.chdir("/")
    rights = frozenset(of_a_server(own_users=not is_own_user))
    own = None if is_own_user else users
    _run_as_child(lambda orphaned: _run(command, orphaned, own, user=0, group=0, capabilities=rights))


def _run(
    command: Sequence[str],
    is_orphaned: Callable[[], bool],
    users: int | None,
    *,
    user: int,
    group: int,
    capabilities: frozenset[int],
) -> None:
    """Become the command, with no right left that it is not to have; dies with the parent."""
    kernel.hide_from_debuggers()
    kernel.leave_keyring()
    kernel.limit_capabilities(capabilities)
    if users is not None:
        kernel.join(users)
        kernel.limit_capabilities(capabilities)
    kernel.become(user, group, capabilities)
    kernel.gain_nothing_by_exec()
    kernel.deny_system_calls()
    kernel.die_with_parent(signal.SIGKILL)
    if is_orphaned():
        os._exit(1)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and a command would go on to
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], [*command])


def _run_as_child(run: Callable[[Callable[[], bool]], None]) -> NoReturn:
    """In the process namespace of children. Ends as the child does, and takes it along when it is killed."""
    end_of_child, end_of_parent = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(end_of_parent)
            run(lambda: bool(select.select([end_of_child], [], [], 0)[0]))
        except BaseException:  # a child never returns
            traceback.print_exc()
        finally:
            os._exit(127)
    for number in (signal.SIGTERM, signal.SIGINT):  # the child, of the same group, decides
        signal.signal(number, signal.SIG_IGN)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main(sys.argv[1:])
