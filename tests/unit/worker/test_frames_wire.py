"""The binary bodies between station and worker: round trips, and nothing but typed errors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.errors import KeyChanged, ProtocolViolation, SignstationError, ToolFailed
from signstation.model.asks import Compression, HashOf, Literal, Part, Range, ToSign, Unpacked
from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.keys import Scheme
from signstation.model.outputs import Patch, Patched, Sibling
from signstation.worker import wire
from signstation.worker.failures import put_failure, take_failure

U64 = st.integers(0, 2**64 - 1)
RANGES = st.builds(Range, U64, U64)
LITERALS = st.builds(Literal, st.binary(max_size=40))
UNPACKED = st.builds(Unpacked, st.sampled_from(Compression), U64, U64, U64)
PLAIN = RANGES | LITERALS | UNPACKED
SEGMENTS = PLAIN | st.builds(
    HashOf, st.sampled_from(HashAlgorithm), st.lists(PLAIN, max_size=4).map(tuple)
)


@st.composite
def asks(draw: st.DrawFn) -> ToSign:
    """Draw an ask with a digest or a message."""
    given_input, is_message = draw(st.binary(max_size=80)), draw(st.booleans())
    return ToSign(
        slot=draw(st.integers(0, 255)),
        scheme=draw(st.sampled_from(Scheme)),
        part=draw(st.sampled_from(Part)),
        covers=tuple(draw(st.lists(SEGMENTS, max_size=4))),
        digest=None if is_message else given_input,
        message=given_input if is_message else None,
    )


BATCHES = st.lists(asks(), min_size=1, max_size=6).map(tuple)
PATCHES = st.builds(Patch, U64, U64, st.binary(max_size=40))
OUTPUTS = st.builds(Patched, st.lists(PATCHES, max_size=4).map(tuple)) | st.builds(
    Sibling, st.sampled_from((".asc", ".sig", ".p7s", ".tar.gz")), st.binary(max_size=40)
)
DIGESTS = st.sampled_from(HashAlgorithm).flatmap(
    lambda a: st.binary(min_size=a.size, max_size=a.size).map(lambda v: Digest(a, v))
)


@settings(max_examples=50)
@given(BATCHES)
def test_asks_come_back(batch: tuple[ToSign, ...]) -> None:
    assert wire.whole(wire.put_asks(batch), wire.take_asks) == batch


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 255), BATCHES)
def test_uses_of_a_key_come_back(
    session: int, item: int, number: int, batch: tuple[ToSign, ...]
) -> None:
    use = wire.UseKey(session, item, number, batch)
    assert wire.take_use_key(wire.put_use_key(use)) == use


@given(st.lists(st.binary(max_size=60), max_size=64).map(tuple))
def test_answers_come_back(answers: tuple[bytes, ...]) -> None:
    assert wire.take_answers(wire.put_answers(answers)) == answers


def test_results_of_a_key_come_back_with_their_errors() -> None:
    results = wire.take_results(
        wire.put_results((b"signature", KeyChanged(key="gpg:A", expected="1", found="2")))
    )
    assert results[0] == b"signature"
    assert isinstance(results[1], KeyChanged)
    assert results[1].values() == {"key": "gpg:A", "expected": "1", "found": "2"}


@given(
    st.builds(
        wire.Job,
        st.integers(0, 2**16 - 1),
        U64,
        U64,
        st.binary(min_size=32, max_size=32),
        st.none() | st.binary(min_size=32, max_size=32),
    )
)
def test_jobs_come_back(job: wire.Job) -> None:
    assert wire.whole(wire.put_job(job), wire.take_job) == job


@given(st.binary(min_size=32, max_size=32), U64, st.lists(OUTPUTS, max_size=4).map(tuple))
def test_signed_items_come_back(
    sha256: bytes, hash_ns: int, outputs: tuple[Patched | Sibling, ...]
) -> None:
    signed = wire.take_signed(wire.put_signed(sha256, hash_ns, outputs), 7)
    assert (signed.sha256, signed.hash_ns, signed.outputs, signed.worker) == (
        sha256,
        hash_ns,
        outputs,
        7,
    )


@settings(max_examples=25)
@given(st.lists(DIGESTS, max_size=4).map(tuple))
def test_digests_come_back(digests: tuple[Digest, ...]) -> None:
    assert wire.take_digests(wire.put_digests(digests), len(digests)) == digests


READERS: tuple[Callable[[bytes], object], ...] = (
    lambda body: wire.whole(body, wire.take_asks),
    wire.take_use_key,
    wire.take_answers,
    wire.take_results,
    lambda body: wire.whole(body, wire.take_job),
    lambda body: wire.whole(body, wire.take_recheck),
    lambda body: wire.take_signed(body, 0),
    lambda body: wire.take_digests(body, 2),
    take_failure,
)


@settings(max_examples=100)
@given(st.sampled_from(READERS), st.binary(max_size=120))
def test_any_bytes_give_a_value_or_a_violation(
    reader: Callable[[bytes], object], body: bytes
) -> None:
    with suppress(ProtocolViolation):
        reader(body)


@settings(max_examples=60)
@given(BATCHES, st.data())
def test_a_changed_batch_gives_a_value_or_a_violation(
    batch: tuple[ToSign, ...], data: st.DataObject
) -> None:
    body = bytearray(wire.put_asks(batch))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(0, 255))
    with suppress(ProtocolViolation):
        wire.whole(bytes(body[: data.draw(st.integers(0, len(body)))]), wire.take_asks)


@pytest.mark.parametrize("suffix", ["", "x", ".", "/../x", ".a/b", "..", ".a..b", ".sig\n"])
def test_a_suffix_that_leads_elsewhere_is_refused(suffix: str) -> None:
    body = wire.put_signed(bytes(32), 0, (Sibling(suffix, b""),))
    with pytest.raises(ProtocolViolation):
        wire.take_signed(body, 0)


def test_an_empty_and_an_overfull_batch_are_refused() -> None:
    one = ToSign(0, Scheme.ED25519, Part.FILE, (), message=b"")
    for batch in ((), (one,) * 65):
        with pytest.raises(ProtocolViolation):
            wire.whole(wire.put_asks(batch), wire.take_asks)


def test_an_expected_error_crosses_as_it_is_and_without_a_trace() -> None:
    error, trace = take_failure(put_failure(ToolFailed(program="gpg", exit_status=2, output="no")))
    assert isinstance(error, ToolFailed)
    assert (error.exit_status, trace) == (2, "")


def test_an_unexpected_error_becomes_internal_with_its_trace() -> None:
    def fail() -> None:
        raise ValueError(f"of the passphrase {'hunter'}2")

    with pytest.raises(ValueError, match="hunter2") as caught:
        fail()
    error, trace = take_failure(put_failure(caught.value))
    assert error.code == "internal"
    assert "hunter2" in trace
    assert "in fail" in trace
    _, quiet = take_failure(put_failure(caught.value, secretive=True))
    assert "ValueError" in quiet
    assert "hunter2" not in quiet


def test_memory_that_ran_out_is_a_limit() -> None:
    error, trace = take_failure(put_failure(MemoryError()))
    assert (error.code, trace) == ("host.limit", "")


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"code":"input","fields":[]}}',
        b'{"error":{"code":"input","fields":{"path":["deep"]}}}',
        b'{"error":{"code":"input","fields":{},"effect":"none"}}',
        b'{"error":7}',
    ],
)
def test_a_strange_error_is_a_violation(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        take_failure(body)


def test_an_unknown_error_is_internal() -> None:
    error, _ = take_failure(b'{"error":{"code":"new","fields":{}}}')
    assert isinstance(error, SignstationError)
    assert error.code == "internal"
