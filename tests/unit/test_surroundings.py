"""Files that a list names: only those beneath its own directory are opened, and no link."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

from signstation.jobs.surroundings import Vicinity, look_around
from signstation.model.hashes import HashAlgorithm
from signstation.model.members import MAX_OTHERS, MemberState, NamedMember, Surroundings
from tests.support.engine import LocalHashes

SHA512 = HashAlgorithm.SHA512


def look(root: Path, *places: str, below: str = "") -> Surroundings:
    where = Vicinity(root, below, frozenset({"SHA512SUMS"}))
    wanted = [NamedMember(each, SHA512) for each in places]
    return asyncio.run(look_around(where, wanted, LocalHashes()))


def test_every_kind_of_entry(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    root = tmp_path / "release"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a\nb").write_bytes(b"content")
    (root / "link").symlink_to("../secret")
    (root / "out").symlink_to("..")
    os.mkfifo(root / "pipe")
    (root / "SHA512SUMS").touch()
    places = ("sub/a\nb", "gone", "sub/gone/x", "sub", "link", "out/secret", "pipe", "../secret")
    found = look(root, *places)
    assert [each.place for each in found.members] == list(places)
    assert [each.state for each in found.members] == [
        MemberState.READ,
        *[MemberState.MISSING] * 2,
        *[MemberState.NOT_A_FILE] * 5,
    ]
    assert found.members[0].digest == hashlib.sha512(b"content").digest()
    assert (found.others, found.count) == (("out",), 1)


def test_files_that_nobody_names(tmp_path: Path) -> None:
    root = tmp_path / "chosen" / "release"
    for directory in ("named", "deeper"):
        (root / directory).mkdir(parents=True)
        for number in range(MAX_OTHERS):
            (root / directory / f"{number:03}").touch()
    (root / "SHA512SUMS").touch()
    (root / "stranger").symlink_to("named")
    found = look(tmp_path / "chosen", "named/000", below="release/")
    assert found.count == MAX_OTHERS
    assert len(found.others) == MAX_OTHERS
    assert found.others[:2] == ("stranger", "named/001")
