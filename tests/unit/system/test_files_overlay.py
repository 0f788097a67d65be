"""An overlay reads as the file would with the patches in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.errors import ArtifactUnreadable, ProtocolViolation
from signstation.model.hashes import HashAlgorithm, HashRequest, sha256
from signstation.model.outputs import Patch
from signstation.system.artifact import FileArtifact
from signstation.system.files_overlay import PatchedArtifact
from signstation.worker.context import StepContext

CONTENT = bytes(range(200))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small file."""
    found = tmp_path_factory.mktemp("overlay") / "file"
    found.write_bytes(CONTENT)
    return found


@given(st.data())
def test_it_reads_as_it_would_be_written(path: Path, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, 200), max_size=4)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    patches = [Patch(a, b - a, bytes(b - a)) for a, b in pairs if a < b]
    end = patches[-1].offset + patches[-1].old_length if patches else 0
    cut = data.draw(st.integers(end, 200))
    patches.append(Patch(cut, 200 - cut, data.draw(st.binary(max_size=300))))
    wanted = bytearray(CONTENT)
    for patch in reversed(patches):
        wanted[patch.offset : patch.offset + patch.old_length] = patch.new
    with path.open("rb") as file:
        overlay = PatchedArtifact(FileArtifact(file.fileno()), patches)
        assert overlay.size == len(wanted)
        offset, length = data.draw(st.integers(-1, 600)), data.draw(st.integers(-1, 600))
        expected = b"" if offset < 0 or length < 0 else bytes(wanted[offset : offset + length])
        assert overlay.read(offset, length) == expected
        digests = StepContext(time=0).digests(overlay, (HashRequest(HashAlgorithm.SHA512),))
        assert digests.sha256 == sha256(bytes(wanted))


@pytest.mark.parametrize("patch", [Patch(0, 1, b"ab"), Patch(199, 2, b"x"), Patch(201, 0, b"")])
def test_patches_that_move_bytes_or_do_not_fit_are_refused(path: Path, patch: Patch) -> None:
    with path.open("rb") as file, pytest.raises(ProtocolViolation):
        PatchedArtifact(FileArtifact(file.fileno()), [patch])


def test_it_has_no_descriptor_to_be_misread(path: Path) -> None:
    with path.open("rb") as file:
        overlay = PatchedArtifact(FileArtifact(file.fileno()), [Patch(200, 0, b"x")])
        with pytest.raises(ArtifactUnreadable):
            overlay.fileno()
