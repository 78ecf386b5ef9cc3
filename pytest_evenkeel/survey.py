"""What many checks want to know of the servers, asked at once: one SendCommand for all of it."""

import io
import shlex
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pytest_evenkeel.ssm import Ended, RunShellScript

SCRIPT = """\
d=$(mktemp -d) && cd "$d" || exit
%s
tar --create --directory "$d" .
cd / && rm -rf "$d"
"""
"""Runs each question's line of shell, and prints a tar of how they ended.

The kit's own make 12 KB; with its parameters a document may have 64 KB:
https://docs.aws.amazon.com/sdkfornet/v3/apidocs/items/SSM/MSSMCreateDocumentStringString.html
"""
LINE = "sh -c {line} >{name}.out 2>{name}.err </dev/null; echo $? >{name}.status"
_asked: list["Question"] = []


@dataclass(frozen=True, slots=True)
class Question:
    """A line of shell that changes nothing, which every server is asked once for all checks.

        LISTENING = Question("ss --no-header --tcp --listening --numeric --processes")

        def test_sshd_does_not_listen(server: ServingInstance) -> None:
            assert '"sshd"' not in server.told(LISTENING)

    It has to be made where a module is imported: the first check that wants an answer has all of them asked.
    """

    line: str
    arguments: Sequence[str] = field(default=())
    """Quoted, in place of each `%s` in the line."""

    def __post_init__(self) -> None:
        _asked.append(self)

    @property
    def command(self) -> str:
        """What the server's shell runs."""
        return self.line % tuple(map(shlex.quote, self.arguments)) if self.arguments else self.line


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerAnswer:
    """How a question's command ended."""

    status: int
    stdout: str
    stderr: str


class Survey:
    """The answers of some servers to all questions; nothing is asked before the first is wanted."""

    def __init__(self, commands: RunShellScript, instance_ids: Sequence[str]) -> None:
        self._commands, self._instance_ids = commands, instance_ids

    def answer(self, instance_id: str, question: Question) -> ServerAnswer:
        """How one server answered."""
        return self._answers[instance_id][question.command]

    @cached_property
    def _answers(self) -> Mapping[str, Mapping[str, ServerAnswer]]:
        lines = list(dict.fromkeys(question.command for question in _asked))
        ended = self._commands.run(self._instance_ids, script(lines))
        return {instance: read(lines, one) for instance, one in ended.items()}


def script(lines: Sequence[str]) -> str:
    """One script that runs them all, whatever each of them ends with."""
    return SCRIPT % "\n".join(
        LINE.format(line=shlex.quote(line), name=name) for name, line in enumerate(lines)
    )


def read(lines: Sequence[str], ended: Ended) -> dict[str, ServerAnswer]:
    """The answers by their lines. AssertionError where the script itself failed."""
    assert ended.status == 0, ended.err.decode(errors="replace")
    with tarfile.open(fileobj=io.BytesIO(ended.out)) as files:

        def text(name: str) -> str:
            file = files.extractfile(f"./{name}")
            assert file
            return file.read().decode(errors="replace")

        return {
            line: ServerAnswer(
                status=int(text(f"{name}.status")), stdout=text(f"{name}.out"), stderr=text(f"{name}.err")
            )
            for name, line in enumerate(lines)
        }
