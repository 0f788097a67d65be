"""The order for a list of checksums of a directory, and what was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from signstation.model.hashes import HashAlgorithm


@dataclass(frozen=True, slots=True)
class ListOrder:
    """List every file below ``directory`` in a new file there.

    ``tagged`` writes lines as ``sha256sum --tag`` does (BSD), else as without (GNU). ``replace``
    overwrites a list of the same name.
    """

    directory: Path
    algorithm: HashAlgorithm = HashAlgorithm.SHA256
    tagged: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True)
class MadeList:
    """The list that was written, and the links that it leaves out."""

    path: Path
    left_out: tuple[Path, ...]
