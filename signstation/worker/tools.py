"""The tool worker: runs real tools over artifacts and trust files, in private directories."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from signstation.codec.plain import from_plain, to_plain
from signstation.errors import FormatUnknown, ProtocolViolation
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.format import Format
from signstation.interfaces.tools import Programs
from signstation.model.trust import Trust
from signstation.registry.plugins import load_formats
from signstation.system import programs
from signstation.system.artifact import FileArtifact
from signstation.system.memory import read_all
from signstation.trust.anchors import prepare_trust
from signstation.worker.channel import Channel, Message
from signstation.worker.config import WorkerConfig, take_config
from signstation.worker.desk import Desk
from signstation.worker.frames import FrameType, put_json, take_json
from signstation.worker.terms import take_terms

MAX_TRUST_FILES = 256 * 1024 * 1024
"""Most bytes of all trust files of one call: keyrings have tens of megabytes."""


class TaskContext:
    """Implements ``interfaces.context.ToolContext`` for one call."""

    def __init__(self, time: int, directory: Path, found: Programs) -> None:
        """``directory`` is fresh and private."""
        self._time = time
        self._directory = directory
        self._programs = found

    @property
    def time(self) -> int:
        """Reference time in Unix seconds."""
        return self._time

    @property
    def directory(self) -> Path:
        """The private directory of this call."""
        return self._directory

    @property
    def programs(self) -> Programs:
        """Real programs, at home in the private directory."""
        return self._programs

    def path_of(self, artifact: Artifact, name: str) -> Path:
        """Make a link with a harmless name to the open descriptor."""
        path = self._directory / Path(name).name
        path.unlink(missing_ok=True)
        path.symlink_to(f"/proc/self/fd/{artifact.fileno()}")
        return path


class ToolWorker:
    """Answers CALL: referee, prepare_trust."""

    def __init__(self, channel: Channel, config: WorkerConfig) -> None:
        """Load the formats; answer over ``channel``."""
        self._config = config
        self._formats: Mapping[str, Format] = load_formats()
        self._trust: dict[int, Trust] = {}
        self._desk = Desk(channel, self.handle)
        self.serve = self._desk.serve

    def handle(self, message: Message) -> bytes:
        """Run one message."""
        with ExitStack() as stack:
            files = [
                stack.enter_context(FileArtifact(each, owned=True)) for each in message.descriptors
            ]
            if message.type is FrameType.DEFINE:
                terms = take_terms(message.body)
                if isinstance(terms, Trust):
                    self._trust[message.number] = terms
                return b""
            call = take_json(message.body)
            time = from_plain(call.get("time"), int)
            checkpoint = self._desk.progress(message.number, sum(each.size for each in files))
            context = stack.enter_context(self._task(time, lambda: checkpoint(0)))
            if call.get("method") == "referee":
                return self._referee(call, files, context)
            return _prepare_trust(call, files, context)

    @contextmanager
    def _task(self, time: int, interrupt: Callable[[], None]) -> Iterator[TaskContext]:
        """Give a context whose directory is gone afterwards."""
        directory = Path(tempfile.mkdtemp(dir=self._config.directory))
        try:
            found = programs.Programs(directory, self._config.tools, interrupt)
            yield TaskContext(time, directory, found)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _referee(
        self, call: dict[str, object], files: Sequence[FileArtifact], context: TaskContext
    ) -> bytes:
        found = self._formats.get(str(call.get("format")))
        trust = self._trust.get(from_plain(call.get("trust"), int))
        if found is None:
            raise FormatUnknown(path=str(call.get("format")))
        if trust is None or not files:
            raise ProtocolViolation(reason="a referee without trust or artifact")
        artifact, *signatures = files
        opinions = found.referee(artifact, tuple(signatures), trust, context)
        return put_json({"opinions": to_plain(list(opinions))})


def _prepare_trust(
    call: dict[str, object], files: Sequence[FileArtifact], context: TaskContext
) -> bytes:
    """The contents come one after another in one anonymous file."""
    labels = from_plain(call.get("files"), tuple[tuple[str, int], ...])
    content = read_all(files[0].fileno(), MAX_TRUST_FILES)
    cut: list[tuple[str, bytes]] = []
    at = 0
    for label, length in labels:
        cut.append((label, content[at : at + length]))
        at += length
    return put_json({"trust": to_plain(prepare_trust(cut, context))})


def build(channel: Channel, config: bytes) -> ToolWorker:
    """Make the worker."""
    return ToolWorker(channel, take_config(config))
