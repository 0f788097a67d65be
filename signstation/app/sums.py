"""Makes a list of checksums of a directory: every file below it, links not followed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from signstation.codec.checksums import ALGORITHMS, MAX_ENTRIES, Entry, ListForm, write_list
from signstation.errors import LimitReached, UsageError
from signstation.jobs.candidates import Skipped, candidates, open_candidate
from signstation.model.hashes import HashAlgorithm
from signstation.model.lists import ListOrder, MadeList
from signstation.system.files import reading_error
from signstation.system.files_new import write

PIECE = 1024 * 1024
_MODE = 0o644
_SIGNATURES = ("", ".asc", ".sig", ".gpg", ".p7s", ".sshsig")


def list_name(algorithm: HashAlgorithm) -> str:
    """Return the usual name: SHA256SUMS."""
    return f"{algorithm.value.upper()}SUMS"


_OWN = frozenset(list_name(each) + suffix for each in ALGORITHMS for suffix in _SIGNATURES)
"""Lists and their signatures, which no list names."""


def write_sums(order: ListOrder) -> MadeList:
    """Write the list into its directory; return its path and the links that it leaves out.

    Blocks for reading every file. Raises UsageError where there is no file or ``directory`` is
    none, LimitReached, OutputExists, and what keeps a file from being read: a list that lacks one
    in silence would be worse than none.
    """
    directory, algorithm = order.directory, order.algorithm
    if not directory.is_dir():
        raise UsageError(reason="a list of checksums is made of a directory")
    left_out: list[Path] = []
    entries = sorted(_entries(directory, algorithm, left_out), key=lambda each: each.name)
    if not entries:
        raise UsageError(reason="there is no file in the directory")
    path = directory / list_name(algorithm)
    form = ListForm.BSD if order.tagged else ListForm.GNU
    write(path, write_list(entries, form), _MODE, replace=order.replace)
    return MadeList(path, tuple(left_out))


def _entries(directory: Path, algorithm: HashAlgorithm, left_out: list[Path]) -> Iterator[Entry]:
    count = 0
    for each in candidates((directory,), None):
        if isinstance(each, Skipped):
            if each.error is not None:
                raise each.error
            left_out.append(each.path)
        elif each.name not in _OWN:
            count += 1
            if count > MAX_ENTRIES:
                raise LimitReached(what="entries of a list of checksums", limit=MAX_ENTRIES)
            yield Entry(each.name, algorithm, _digest(each.root, each.name, algorithm))


def _digest(root: Path, name: str, algorithm: HashAlgorithm) -> bytes:
    state = hashlib.new(algorithm.value)
    descriptor, _ = open_candidate(root, name)
    try:
        while piece := os.read(descriptor, PIECE):
            state.update(piece)
    except OSError as error:
        raise reading_error(error, root / name) from error
    finally:
        os.close(descriptor)
    return state.digest()
