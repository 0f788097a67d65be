"""For tests of the GnuPG store: its context, programs that keep a record, an agent with faults."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from signstation.model.programs import Completed
from signstation.system.programs import Programs
from tests.support.contract_keystores import ScriptedKeyContext
from tests.support.gnupg import GnupgHome

CUT = b""
"""As a rule's answer: the connection ends."""

Rule = Callable[[str, Counter[str]], bytes | None]
"""Given a line and how often each command came so far: an answer, CUT, or None for the agent's."""


class RecordingPrograms(Programs):
    """Real programs; remembers what was run and may name another agent socket than gpgconf."""

    def __init__(self, home: Path, agent_socket: Path | None = None) -> None:
        super().__init__(home)
        self.commands: list[tuple[str, ...]] = []
        self._socket = agent_socket

    def run(  # noqa: PLR0913 - the interface's
        self,
        name: str,
        arguments: Sequence[str],
        *,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
        timeout: float = 60.0,
        cwd: Path | None = None,
    ) -> Completed:
        self.commands.append((name, *arguments))
        if self._socket is not None and arguments == ("--list-dirs", "agent-socket"):
            return Completed((name,), 0, f"{self._socket}\n".encode(), b"")
        return super().run(
            name,
            arguments,
            stdin=stdin,
            environment=environment,
            descriptors=descriptors,
            timeout=timeout,
            cwd=cwd,
        )

    def names(self) -> list[str]:
        """Return the programs that were run, in order."""
        return [each[0] for each in self.commands]


def context(
    home: GnupgHome | Path,
    tmp_path: Path,
    *answers: bytes,
    agent_socket: Path | None = None,
    batch_unlock: bool = True,
) -> ScriptedKeyContext:
    """Return a context on a home, with the answers to prompts that will come."""
    return ScriptedKeyContext(
        time=int(time.time()) + 60,  # later than keys that the test is yet to make
        state=tmp_path,
        gnupg_home=home.path if isinstance(home, GnupgHome) else home,
        programs=RecordingPrograms(tmp_path, agent_socket),
        answers=list(answers),
        batch_unlock=batch_unlock,
    )


@dataclass
class FaultyAgent:
    """Listens on a socket and hands every line to a real agent, but for what ``rule`` answers.

    Without a real agent, what the rule leaves is answered with OK.
    """

    path: Path
    rule: Rule
    real: Path | None = None
    count: Counter[str] = field(default_factory=Counter)  # of commands, by their first word
    connections: int = 0

    def __enter__(self) -> Self:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self.path))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.path.unlink()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.socket(socket.AF_UNIX) as agent:
            if self.real is None:
                client.sendall(b"OK Pleased to meet you\n")
                ends = [client]
            else:
                agent.connect(str(self.real))
                ends = [client, agent]
            self._exchange(client, agent, ends)

    def _exchange(
        self, client: socket.socket, agent: socket.socket, ends: Sequence[socket.socket]
    ) -> None:
        waiting = b""
        while True:
            for end in select.select(ends, [], [])[0]:
                data = end.recv(65536)
                if not data:
                    return
                if end is agent:
                    client.sendall(data)
                    continue
                *lines, waiting = (waiting + data).split(b"\n")
                for line in lines:
                    answer = self._answer(line.decode("utf-8", "replace"))
                    if answer == CUT:
                        return
                    if answer is not None:
                        client.sendall(answer)
                    else:
                        agent.sendall(line + b"\n")

    def _answer(self, line: str) -> bytes | None:
        self.count[line.partition(" ")[0]] += 1
        answer = self.rule(line, self.count)
        return b"OK\n" if answer is None and self.real is None else answer
