"""`python -m rehearsal.cloud --port 4577 --state DIR`: run the cloud in the foreground until told to end."""

import argparse
import fcntl
import logging
import os
import pwd
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rehearsal.access_key import AccessKey
from rehearsal.cloud import clock
from rehearsal.cloud.addresses import Addresses
from rehearsal.cloud.attempts import Attempts
from rehearsal.cloud.body import Body, CloudContext, StatusRow
from rehearsal.cloud.certificates import CertificateAuthority
from rehearsal.isolation.isolation import CannotIsolateError, Isolation
from rehearsal.processes import UnprivilegedUser

if TYPE_CHECKING:
    from rehearsal.cloud.api import Api
    from rehearsal.cloud.faults import Faults
    from rehearsal.cloud.iam.identities import Identities

_STEP = 0.2  # seconds between two rounds of the bodies
log = logging.getLogger("rehearsal.cloud")


class CannotStartError(RuntimeError):
    """The port or the state folder is in use."""


def main() -> int:
    """Run the cloud; 0 when it was told to end, 1 when it could not start."""
    options = _parse()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    told_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_end.set())
    try:
        with _lock(options.state), _listen(options.port) as listener:
            return _run(listener, options, told_to_end)
    except (CannotStartError, CannotIsolateError) as error:
        log.error("%s", error)
        return 1


def _run(listener: socket.socket, options: argparse.Namespace, told_to_end: threading.Event) -> int:
    # moto takes over a second to import: a port or folder in use is told before that.
    from rehearsal.cloud.api import Api
    from rehearsal.cloud.ec2 import images, offers
    from rehearsal.cloud.iam import authorization
    from rehearsal.cloud.iam.identities import Identities
    from rehearsal.cloud.iam.users import Users
    from rehearsal.cloud.kms import secrets_key
    from rehearsal.cloud.mean.meanness import Meanness
    from rehearsal.cloud.route53 import hosted_zones
    from rehearsal.cloud.s3 import bucket_policies, conditional_writes, sub_resources
    from rehearsal.cloud.ssm import public_parameters

    context = _context(listener, options.state, options.check_pace)
    images.register()
    secrets_key.register()
    hosted_zones.patch_moto()
    offers.patch_moto()
    bucket_policies.patch_moto()
    conditional_writes.patch_moto()
    sub_resources.patch_moto()
    public_parameters.patch_moto()
    authorization.patch_moto()
    identities = Identities(AccessKey.make(options.state))
    bodies, faults = _bodies(context, identities)
    meanness = None if options.mean is None else Meanness(options.mean)
    if meanness:
        context.zones.is_short = meanness.is_short
    users = Users(options.state)
    api = Api(listener, context.authority.path, identities, faults.inject, users, meanness=meanness)
    api.start()
    log.info("answering at %s; servers get addresses of %s", context.endpoint, context.addresses.network)
    try:
        _drive(bodies, api, told_to_end)
    finally:
        _stop(bodies)
        api.stop()
        context.addresses.release()
        if meanness:
            log.info("%s", meanness)
        log.info("ended")
    return 0


def _drive(bodies: Sequence[Body], api: "Api", told_to_end: threading.Event) -> None:
    attempts, shown = Attempts(), dict[Body, list[StatusRow]]()

    def show(body: Body) -> None:
        shown[body] = body.rows()

    while not told_to_end.wait(_STEP):
        for body in bodies:
            name = type(body).__name__
            attempts.step(name, body.reconcile)
            attempts.step(f"{name}, shown", partial(show, body))
        clock.end_round()
        api.rows = [row for rows in shown.values() for row in rows]


def _bodies(context: CloudContext, identities: "Identities") -> tuple[list[Body], "Faults"]:
    """The bodies in the order they start in, what others need first; and the one that takes faults."""
    from rehearsal.cloud.autoscaling import group_metrics
    from rehearsal.cloud.autoscaling.body import AutoScalingGroups
    from rehearsal.cloud.cloudwatch.body import CloudWatch
    from rehearsal.cloud.ec2.body import Instances
    from rehearsal.cloud.ec2.server_metrics import ServerMetrics
    from rehearsal.cloud.ecs.body import Tasks
    from rehearsal.cloud.elasticache.body import Stores
    from rehearsal.cloud.elbv2.body import LoadBalancers
    from rehearsal.cloud.faults import Faults
    from rehearsal.cloud.rds.body import Databases
    from rehearsal.cloud.ssm.body import RunCommand

    instances, balancers = Instances(context), LoadBalancers(context)
    faults = Faults(instances, context.zones, identities)
    return [
        *(Databases(context), Stores(context), Tasks(context), faults),
        *(instances, balancers, AutoScalingGroups(instances, balancers), RunCommand(context, instances)),
        CloudWatch([balancers.measure, ServerMetrics(instances).measure, group_metrics.measure]),
    ], faults


def _stop(bodies: Sequence[Body]) -> None:
    for body in reversed(bodies):
        try:
            body.stop()
        except Exception:
            log.exception("%s did not stop; its processes die with the cloud", type(body).__name__)


def _context(listener: socket.socket, state_dir: Path, check_pace: int) -> CloudContext:
    host, port = listener.getsockname()
    stage = state_dir / "stage"
    stage.mkdir(exist_ok=True)
    return CloudContext(
        state_dir=state_dir,
        endpoint=f"http://{host}:{port}",
        addresses=Addresses(),
        authority=CertificateAuthority(state_dir),
        isolation=Isolation(stage),
        user=_unprivileged_user(),
        check_pace=check_pace,
    )


def _unprivileged_user() -> UnprivilegedUser | None:
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return UnprivilegedUser(uid=nobody.pw_uid, gid=nobody.pw_gid)


def _lock(state_dir: Path) -> IO[str]:
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    state_dir.chmod(0o700)
    lock = (state_dir / "cloud.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise CannotStartError(
            f"another rehearsal cloud uses {state_dir}; end it with `make down`"
        ) from error
    return lock


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError as error:
        raise CannotStartError(
            f"port {port} of 127.0.0.1 cannot be used ({os.strerror(error.errno or 0)}); end what listens"
            " there, or set another port in `aws.endpoint` of stacks/Pulumi.local.yaml"
        ) from error


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.cloud", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where the AWS API listens, on 127.0.0.1")
    parser.add_argument(
        "--state", type=Path, required=True, help="the folder for data, logs and certificates"
    )
    parser.add_argument("--mean", type=int, metavar="SEED", help="take the freedoms that AWS documents")
    parser.add_argument(
        "--check-pace", type=int, default=1, metavar="TIMES", help="check targets so many times as often"
    )
    return parser.parse_args()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    logging.shutdown()
    # All has ended. What moto holds, hundreds of megabytes in small pieces, the kernel frees at once.
    os._exit(status)
