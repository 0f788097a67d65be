"""Making OpenPGP signatures: what the key is asked follows from the content, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.openpgp import SignatureClass, parse_signatures
from signstation.errors import (
    CertificateMissing,
    KeyStoreFailed,
    RecheckFailed,
    SchemeUnsupported,
    TimeRefused,
)
from signstation.model.asks import Answer, Batch, HashOf, Literal, Part, Range, Segment, ToSign
from signstation.model.hashes import HashAlgorithm, HashState
from signstation.model.keys import Scheme, Slot
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp
from signstation.signatures.together import together
from tests.support.openpgp import drive, soft_certificate
from tests.support.openpgp import shared_certificate as certificate

CONTENT = b"some content\n" * 20
TIME = 1_800_000_000


def state(slot: Slot, content: bytes = CONTENT) -> HashState:
    return hashlib.new(slot.hash.value, content)


def signing(
    slot: Slot, *, index: int = 0, time: int = TIME
) -> Generator[Batch, tuple[Answer, ...], bytes]:
    covers = (Range(0, len(CONTENT)),)
    return sign_openpgp(index, slot, state(slot), part=Part.FILE, covers=covers, time=time)


def covered(segments: tuple[Segment, ...]) -> bytes:
    parts = []
    for each in segments:
        match each:
            case Range(offset, length):
                parts.append(CONTENT[offset : offset + length])
            case Literal(value):
                parts.append(value)
            case HashOf(algorithm, inner):
                parts.append(hashlib.new(algorithm.value, covered(inner)).digest())
    return b"".join(parts)


KEYS = [
    ("Cv25519", HashAlgorithm.SHA256),
    ("Cv25519", HashAlgorithm.SHA512),
    ("P256", HashAlgorithm.SHA256),
    ("P384", HashAlgorithm.SHA384),
    ("P521", HashAlgorithm.SHA512),
    ("RSA2k", HashAlgorithm.SHA512),
]


@pytest.mark.parametrize(("suite", "hashed"), KEYS)
def test_the_ask_follows_from_the_content(suite: str, hashed: HashAlgorithm) -> None:
    slot = certificate(suite).slot_with(hashed)
    (ask,) = next(signing(slot, index=3))
    assert (ask.slot, ask.scheme, ask.part) == (3, slot.scheme, Part.FILE)
    if slot.scheme.hash is None:
        assert ask.message == covered(ask.covers)
        assert ask.digest is None
    else:
        assert ask.digest == hashlib.new(hashed.value, covered(ask.covers)).digest()
        assert ask.message is None


@pytest.mark.parametrize(("suite", "hashed"), KEYS)
def test_what_is_made_is_what_was_asked_for(suite: str, hashed: HashAlgorithm) -> None:
    made = certificate(suite)
    slot = made.slot_with(hashed)
    packet = drive(signing(slot), made.signer)
    (found,) = parse_signatures(packet)
    assert found.problem == ""
    assert (found.type, found.created, found.hash) == (SignatureClass.BINARY, TIME, hashed)
    assert found.issuer_fingerprint == made.signer.public.fingerprint
    check_own_openpgp(packet, slot, state(slot), time=TIME)


def test_the_callers_state_is_not_touched() -> None:
    made = certificate()
    running = state(made.slot)
    before = running.digest()
    drive(sign_openpgp(0, made.slot, running, part=Part.FILE, covers=(), time=TIME), made.signer)
    assert running.digest() == before


@given(st.integers(0, 0xFFFFFFFF), st.binary(max_size=200))
def test_equal_inputs_give_equal_bytes(time: int, content: bytes) -> None:
    made = certificate()

    def once() -> bytes:
        running = state(made.slot, content)
        covers = (Range(0, len(content)),)
        generator = sign_openpgp(0, made.slot, running, part=Part.FILE, covers=covers, time=time)
        return drive(generator, made.signer)

    assert once() == once()


# --- refusals before the key is asked -----------------------------------------------------------


def test_without_a_certificate_nothing_is_asked() -> None:
    slot = certificate().slot
    with pytest.raises(CertificateMissing):
        next(signing(replace(slot, signer=replace(slot.signer, openpgp=None))))


@pytest.mark.parametrize(
    "slot",
    [
        lambda: replace(certificate().slot, scheme=Scheme.RSA_PKCS1_SHA256),
        lambda: replace(certificate().slot, hash=HashAlgorithm.SHA3_384),
        lambda: replace(certificate().slot, hash=HashAlgorithm.SHA1),
        lambda: replace(certificate("P256").slot, hash=HashAlgorithm.SHA512),
        lambda: certificate("P384").slot_with(HashAlgorithm.SHA256),
        lambda: certificate("P521").slot_with(HashAlgorithm.SHA384),
        lambda: certificate("Cv25519", "RFC9580").slot,
    ],
    ids=[
        "other mechanism",
        "hash without a number",
        "weak hash",
        "other hash than the scheme's",
        "hash shorter than P-384",
        "hash shorter than P-521",
        "version 6 key",
    ],
)
def test_what_cannot_be_made_is_refused(slot: object) -> None:
    assert callable(slot)
    with pytest.raises(SchemeUnsupported):
        next(signing(slot()))


@pytest.mark.parametrize("time", [-1, 1 << 32])
def test_times_that_a_packet_cannot_hold_are_refused(time: int) -> None:
    with pytest.raises(TimeRefused):
        next(signing(certificate().slot, time=time))


@pytest.mark.parametrize(
    ("suite", "answer"), [("Cv25519", b"x" * 63), ("P256", b"no DER"), ("Cv25519", b"")]
)
def test_answers_of_a_wrong_shape_are_refused(suite: str, answer: bytes) -> None:
    generator = signing(certificate(suite).slot)
    next(generator)
    with pytest.raises(KeyStoreFailed):
        generator.send((answer,))


# --- the recheck ------------------------------------------------------------------------------


@given(st.data())
def test_no_changed_bit_passes_the_recheck(data: st.DataObject) -> None:
    made = certificate()
    packet = bytearray(drive(signing(made.slot), made.signer))
    packet[data.draw(st.integers(0, len(packet) - 1))] ^= data.draw(st.integers(1, 255))
    changed = bytes(packet)
    (original,) = parse_signatures(drive(signing(made.slot), made.signer))
    try:
        check_own_openpgp(changed, made.slot, state(made.slot), time=TIME)
    except RecheckFailed:
        return
    (found,) = parse_signatures(changed)  # only what is not signed may differ
    assert (found.suffix, found.numbers) == (original.suffix, original.numbers)


def test_the_recheck_compares_time_key_and_content() -> None:
    made, other = certificate(), soft_certificate()
    packet = drive(signing(made.slot), made.signer)
    for slot, content, time in (
        (made.slot, CONTENT, TIME + 1),
        (other.slot, CONTENT, TIME),
        (made.slot, CONTENT + b"x", TIME),
        (replace(made.slot, hash=HashAlgorithm.SHA512), CONTENT, TIME),
        (replace(made.slot, signer=replace(made.slot.signer, spki=b"no key")), CONTENT, TIME),
    ):
        with pytest.raises(RecheckFailed):
            check_own_openpgp(packet, slot, state(slot, content), time=time)
    with pytest.raises(RecheckFailed):
        check_own_openpgp(packet + packet, made.slot, state(made.slot), time=TIME)


# --- several at once --------------------------------------------------------------------------


def counting(name: str, rounds: int) -> Generator[Batch, tuple[Answer, ...], tuple[str, ...]]:
    heard: list[str] = []
    for number in range(rounds):
        ask = ToSign(number, Scheme.ED25519, Part.FILE, (), message=f"{name}{number}".encode())
        answers = yield (ask,) * (number % 2 + 1)
        heard += [each.decode() for each in answers]
    return tuple(heard)


def echo(generator: Generator[Batch, tuple[Answer, ...], object]) -> tuple[object, int]:
    rounds = 0
    try:
        batch = next(generator)
        while True:
            rounds += 1
            batch = generator.send(tuple(each.input for each in batch))
    except StopIteration as end:
        return end.value, rounds


@given(st.lists(st.integers(0, 4), max_size=5))
def test_together_asks_in_as_few_rounds_as_the_longest(counts: list[int]) -> None:
    alone = tuple(echo(counting(str(n), count))[0] for n, count in enumerate(counts))
    merged, rounds = echo(together(*(counting(str(n), count) for n, count in enumerate(counts))))
    assert merged == alone
    assert rounds == max(counts, default=0)


def test_together_closes_all_when_one_fails() -> None:
    closed: list[str] = []

    def careful(name: str) -> Generator[Batch, tuple[Answer, ...], None]:
        try:
            yield from counting(name, 3)
        finally:
            closed.append(name)

    def failing() -> Generator[Batch, tuple[Answer, ...], None]:
        yield from counting("f", 1)
        raise RecheckFailed

    generator = together(careful("a"), failing(), careful("b"))
    next(generator)
    with pytest.raises(RecheckFailed):
        generator.send((b"1", b"2", b"3"))
    assert closed == ["a", "b"]


def test_together_closes_all_when_it_is_closed() -> None:
    made = certificate()
    parts = [signing(made.slot), signing(made.slot)]
    generator = together(*parts)
    assert len(next(generator)) == 2
    generator.close()
    assert all(each.gi_frame is None for each in parts)
