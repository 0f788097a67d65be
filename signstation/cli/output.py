"""What the command line prints: tables or JSON lines on stdout, errors in five parts on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import signstation
from signstation.effects import ExitStatus
from signstation.errors import SignstationError, from_wire
from signstation.reports.messages import explain
from signstation.reports.tables import table
from signstation.reports.verification import error_json, line
from signstation.reports.words import sentence, show

PRECEDENCE = (
    ExitStatus.BUG,
    ExitStatus.HOST,
    ExitStatus.CANCELLED,
    ExitStatus.TOOL,
    ExitStatus.KEY,
    ExitStatus.POLICY,
    ExitStatus.USAGE,
    ExitStatus.PATH,
    ExitStatus.VERDICT,
    ExitStatus.GOOD,
)
"""Of many artifacts the first that applies is the exit status (DESIGN.md section 8)."""


def wire_error(text: str) -> SignstationError:
    """Rebuild an error from the JSON text that rows and results carry."""
    data = json.loads(text)
    return from_wire(data if isinstance(data, Mapping) else {})


class Output:
    """Prints for one command and keeps its exit status."""

    def __init__(self, *, as_json: bool) -> None:
        """``as_json``: one object per line instead of tables; errors as the last objects."""
        self.as_json = as_json
        self._status = ExitStatus.GOOD
        self._errors: dict[str, tuple[SignstationError, list[str]]] = {}

    @property
    def status(self) -> int:
        """The exit status so far."""
        return int(self._status)

    def note(self, status: ExitStatus) -> None:
        """Take a status into account."""
        self._status = min(self._status, status, key=PRECEDENCE.index)

    def object(self, value: Mapping[str, object]) -> None:
        """Print one JSON line; only with ``--json``."""
        if self.as_json:
            self._write(line(value))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table of untrusted cells; not with ``--json``."""
        if not self.as_json:
            self._write(table(head, [[show(cell) for cell in row] for row in rows]))

    def text(self, *lines: str) -> None:
        """Print lines that are escaped already; not with ``--json``."""
        if not self.as_json:
            for each in lines:
                self._write(each)

    def error(self, error: SignstationError, path: str | None = None) -> None:
        """Keep an error for the end; equal errors of many artifacts become one message."""
        self.note(error.status)
        wire = json.dumps([error.to_wire(), path if self.as_json else None])
        self._errors.setdefault(wire, (error, []))[1].append(path or "")

    def end(self) -> int:
        """Print the errors and return the exit status."""
        for error, paths in self._errors.values():
            if self.as_json:
                self._write(line(error_json(error, paths[0] or None)))
            else:
                complain(message_lines(error, paths))
        self._errors.clear()
        return self.status

    def _write(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def message_lines(error: SignstationError, paths: Sequence[str] = ()) -> list[str]:
    """Return an error in its five parts: what, why, effect, what to do, details."""
    message = explain(error)
    lines = [f"signstation: {sentence(message.what)}"]
    if message.why:
        lines.append(f"  Why: {sentence(message.why)}")
    lines.append(f"  Effect: {sentence(message.effect)}")
    lines += [f"  Do: {sentence(each)}" for each in message.do]
    named = [each for each in paths if each]
    if len(named) > 1:
        lines.append(f"  Artifacts: {show(named[0])} and {len(named) - 1} more")
    elif named and named[0] not in sentence(message.what):
        lines.append(f"  Artifact: {show(named[0])}")
    lines.append(f"  Details: code {message.code}, signstation {signstation.__version__}")
    return lines


def complain(lines: Iterable[str]) -> None:
    """Print lines on stderr."""
    sys.stderr.write("".join(f"{each}\n" for each in lines))
    sys.stderr.flush()


def nearby(path: str) -> str:
    """Return a path as short as it can be from here, for people; JSON keeps the whole one."""
    here = f"{Path.cwd()}/"
    return path.removeprefix(here)
