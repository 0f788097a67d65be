"""The context that formats run in: pure functions of the request, and one hashing pass."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.errors import ArtifactChanged, ArtifactUnreadable, Cancelled
from signstation.model.hashes import HashAlgorithm, HashRequest
from signstation.system.artifact import FileArtifact
from signstation.worker.context import APART_FROM, CHECKPOINT, CHUNK, StepContext

CONTENT = bytes(range(256)) * (CHUNK // 256 + 3)


@pytest.fixture
def artifact(tmp_path: Path) -> Iterator[FileArtifact]:
    """A file of a little more than one chunk."""
    path = tmp_path / "artifact"
    path.write_bytes(CONTENT)
    with FileArtifact(os.open(path, os.O_RDONLY), owned=True) as opened:
        yield opened


@given(st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=20), st.integers(1, 64))
def test_randomness_follows_from_seed_and_label(seed: bytes, label: str, size: int) -> None:
    first = StepContext(time=1, seed=seed).random(label, size)
    assert first == StepContext(time=2, seed=seed).random(label, size)
    assert len(first) == size


def test_other_labels_and_seeds_give_other_bytes() -> None:
    context = StepContext(time=1, seed=bytes(32))
    values = {
        context.random("a", 32),
        context.random("b", 32),
        StepContext(time=1, seed=b"\1" * 32).random("a", 32),
    }
    assert len(values) == 3


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((HashAlgorithm.SHA256, HashAlgorithm.SHA512, HashAlgorithm.MD5)),
            st.integers(0, len(CONTENT)),
            st.none() | st.integers(0, 100_000),
            st.binary(max_size=8),
        ),
        max_size=4,
    )
)
def test_one_pass_gives_every_hash(
    wanted: list[tuple[HashAlgorithm, int, int | None, bytes]],
) -> None:
    descriptor = os.memfd_create("test")
    os.write(descriptor, CONTENT)
    with FileArtifact(descriptor, owned=True) as artifact:
        context = StepContext(time=1)
        digests = context.digests(artifact, [HashRequest(*each) for each in wanted])
    assert digests.sha256.value == context.sha256 == hashlib.sha256(CONTENT).digest()
    assert context.hash_ns > 0
    for (algorithm, offset, length, prefix), state in zip(wanted, digests.states, strict=True):
        end = None if length is None else offset + length
        assert state.digest() == hashlib.new(algorithm.value, prefix + CONTENT[offset:end]).digest()


def test_states_are_copied_before_a_trailer_is_added(artifact: FileArtifact) -> None:
    (state,) = StepContext(time=1).digests(artifact, (HashRequest(HashAlgorithm.SHA512),)).states
    one = state.copy()
    one.update(b"trailer")
    assert one.digest() == hashlib.sha512(CONTENT + b"trailer").digest()
    assert state.digest() == hashlib.sha512(CONTENT).digest()


def test_another_file_than_the_request_names_is_refused(artifact: FileArtifact) -> None:
    with pytest.raises(ArtifactChanged) as caught:
        StepContext(time=1, expected=bytes(32)).digests(artifact)
    assert caught.value.found == hashlib.sha256(CONTENT).hexdigest()


def test_a_file_that_shrinks_is_unreadable(artifact: FileArtifact, tmp_path: Path) -> None:
    os.truncate(tmp_path / "artifact", 1000)
    with pytest.raises(ArtifactUnreadable):
        StepContext(time=1).digests(artifact)


def test_progress_is_reported_each_checkpoint_and_may_cancel() -> None:
    descriptor = os.memfd_create("test")
    os.truncate(descriptor, 3 * CHECKPOINT + 5)
    seen: list[int] = []

    def progress(done: int) -> None:
        seen.append(done)
        if len(seen) == 2:
            raise Cancelled

    with FileArtifact(descriptor, owned=True) as artifact, pytest.raises(Cancelled):
        StepContext(time=1, progress=progress).digests(artifact)
    assert seen == [CHECKPOINT, 2 * CHECKPOINT]


def test_chunks_of_a_large_file_are_hashed_in_their_order_while_others_are_read(
    tmp_path: Path,
) -> None:
    """Every chunk differs, so that one that is overwritten too early gives other digests."""
    parts = [bytes([number]) * CHUNK for number in range(APART_FROM // CHUNK + 3)]
    content = b"".join(parts) + b"end"
    path = tmp_path / "large"
    path.write_bytes(content)
    requests = (
        HashRequest(HashAlgorithm.SHA512, offset=CHUNK - 5),
        HashRequest(HashAlgorithm.SHA256, offset=7, length=2 * CHUNK, prefix=b"salt"),
    )
    for wanted in ((), requests):
        descriptor = os.open(path, os.O_RDONLY)
        with FileArtifact(descriptor, owned=True) as artifact:
            found = StepContext(time=0).digests(artifact, wanted)
        assert found.sha256.value == hashlib.sha256(content).digest()
        expected = (
            hashlib.sha512(content[CHUNK - 5 :]),
            hashlib.sha256(b"salt" + content[7 : 7 + 2 * CHUNK]),
        )
        assert [each.digest() for each in found.states] == [
            each.digest() for each in expected[: len(wanted)]
        ]
