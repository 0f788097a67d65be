"""Errors about artifacts, their paths and their results."""

from __future__ import annotations

from signstation.effects import ExitStatus
from signstation.failures.base import SignstationError


class InputError(SignstationError, code="input", status=ExitStatus.PATH):
    """Something about the artifact or its path."""

    path: str = ""


class PathMissing(InputError, code="input.missing"):
    """The path does not exist."""


class ArtifactUnreadable(InputError, code="input.unreadable"):
    """The file cannot be opened or read; ``reason`` is the operating system's word (strerror)."""

    reason: str = ""


class NotARegularFile(InputError, code="input.not-regular"):
    """A device, socket, pipe or symbolic link where a regular file is needed."""

    kind: str = ""


class LeavesTree(InputError, code="input.leaves-tree"):
    """A symbolic link or ``..`` leads out of the chosen root."""


class NameRefused(InputError, code="input.name-refused"):
    """The file name has control, bidirectional or undecodable characters."""


class ArtifactMalformed(InputError, code="input.malformed", status=ExitStatus.VERDICT):
    """The bytes do not follow the format; ``offset`` is where, in bytes from the start."""

    format: str = ""
    offset: int = 0
    expected: str = ""
    found: str = ""


class FormatUnknown(InputError, code="input.format-unknown", status=ExitStatus.VERDICT):
    """No format recognises the content and none was named."""


class CompressedModule(InputError, code="input.compressed-module", status=ExitStatus.VERDICT):
    """A kernel module compressed twice: whatever opens it finds no module."""

    compression: str = ""


class AlreadySigned(InputError, code="input.already-signed", status=ExitStatus.USAGE):
    """The artifact has signatures and ``existing=refuse`` was chosen."""


class ArtifactChanged(InputError, code="input.changed", status=ExitStatus.VERDICT):
    """The bytes are not those that were inspected or approved (hex SHA-256 of both)."""

    expected: str = ""
    found: str = ""


class ContentDamaged(InputError, code="input.damaged", status=ExitStatus.VERDICT):
    """A digest inside the artifact contradicts its bytes; it is not signed."""

    what: str = ""


class BackupDamaged(InputError, code="backup.damaged", status=ExitStatus.VERDICT):
    """A backup was changed or cut off, or is none; nothing of it was taken."""

    what: str = ""


class BackupLocked(InputError, code="backup.passphrase-wrong", status=ExitStatus.KEY):
    """The passphrase does not open the backup; asked again."""


class StateExists(InputError, code="backup.state-exists", status=ExitStatus.USAGE):
    """A station's state would be overwritten by a restore without ``--replace``."""


class OutputExists(InputError, code="output.exists", status=ExitStatus.USAGE):
    """The target name is taken and ``--replace`` was not given."""


class OutputClash(InputError, code="output.clash", status=ExitStatus.USAGE):
    """Two artifacts of one order would be written to the same name."""


class HardLinked(InputError, code="output.hard-linked", status=ExitStatus.USAGE):
    """``--in-place`` on a file with several hard links would change or split the others."""

    links: int = 0


class RecheckFailed(InputError, code="output.recheck-failed", status=ExitStatus.BUG):
    """Our own verifier refused the staged result; nothing was published."""

    reason: str = ""
