"""A log of 10,000 records: every change, removal and reordering names the first bad record."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.audit.chain import GENESIS, Link, first_bad
from signstation.audit.tree import leaf_hash, root_hash


def _log(count: int) -> list[Link]:
    links: list[Link] = []
    previous = GENESIS
    for number in range(1, count + 1):
        body = b'{"event":"published","step":%d}' % number
        digest = hashlib.sha256(previous + body).digest()
        links.append(Link(number, body, previous, digest))
        previous = digest
    return links


LOG = _log(10_000)
PLACES = (0, 1, 4_999, 9_998, 9_999, 17, 2_048, 6_962, 8_191, 9_000)


def _flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_every_single_bit_of_a_small_log() -> None:
    """Of every field of every record."""
    log = _log(8)
    for at, link in enumerate(log):
        for field in ("body", "previous", "hash"):
            value: bytes = getattr(link, field)
            for bit in range(len(value) * 8):
                fields = {"body": link.body, "previous": link.previous, "hash": link.hash}
                changed = Link(link.number, **{**fields, field: _flipped(value, bit)})
                assert first_bad([*log[:at], changed, *log[at + 1 :]]) == at + 1


@pytest.mark.parametrize("at", PLACES)
def test_a_changed_record_is_named(at: int) -> None:
    """A bit of its body, also where its own hash was made to fit again: then the next is wrong."""
    link = LOG[at]
    body = _flipped(link.body, at % (8 * len(link.body)))
    assert first_bad([*LOG[:at], replace(link, body=body), *LOG[at + 1 :]]) == at + 1
    fitting = replace(link, body=body, hash=hashlib.sha256(link.previous + body).digest())
    if at + 1 < len(LOG):
        assert first_bad([*LOG[:at], fitting, *LOG[at + 1 :]]) == at + 2


@pytest.mark.parametrize("at", PLACES[1:])
def test_a_removed_and_a_moved_record_are_named(at: int) -> None:
    """The last one removed is what only the root of a checkpoint tells."""
    without = [*LOG[:at], *LOG[at + 1 :]]
    assert first_bad(without) == (at + 1 if at + 1 < len(LOG) else None)
    assert first_bad([*LOG[: at - 1], LOG[at], LOG[at - 1], *LOG[at + 1 :]]) == at


def test_a_log_written_anew_has_another_root() -> None:
    """A chain that fits in itself is still not the one of the checkpoint."""
    root = root_hash([leaf_hash(each.body) for each in LOG])
    assert first_bad(LOG) is None
    for at in PLACES:
        bodies = [each.body for each in LOG]
        bodies[at] = _flipped(bodies[at], 0)
        assert root_hash([leaf_hash(each) for each in bodies]) != root


ANYWHERE = st.integers(0, len(LOG) - 1)
SOME = settings(max_examples=25, deadline=None)
LEAVES = [leaf_hash(each.body) for each in LOG]


@SOME
@given(at=ANYWHERE, field=st.sampled_from(("body", "previous", "hash")), bit=st.integers(0, 255))
def test_any_bit_of_any_record_is_found(at: int, field: str, bit: int) -> None:
    """In the chain always, and of what a record says in the root of the tree too."""
    link = LOG[at]
    fields = {"body": link.body, "previous": link.previous, "hash": link.hash}
    value = fields[field]
    changed = Link(link.number, **{**fields, field: _flipped(value, bit % (8 * len(value)))})
    assert first_bad([*LOG[:at], changed, *LOG[at + 1 :]]) == at + 1
    if field == "body":
        leaves = [*LEAVES[:at], leaf_hash(changed.body), *LEAVES[at + 1 :]]
        assert root_hash(leaves) != root_hash(LEAVES)


@SOME
@given(places=st.lists(ANYWHERE, min_size=2, max_size=2, unique=True).map(sorted))
def test_any_removal_and_any_exchange_is_found(places: list[int]) -> None:
    """At the first record that no longer stands where it stood."""
    first, second = places
    assert first_bad([*LOG[:first], *LOG[second:]]) == first + 1
    moved = list(LOG)
    moved[first], moved[second] = moved[second], moved[first]
    assert first_bad(moved) == first + 1


@SOME
@given(size=ANYWHERE)
def test_any_cut_at_the_end_is_told_by_the_root_alone(size: int) -> None:
    """The chain of what is left is whole; no shorter log has the root of the checkpoint."""
    assert first_bad(LOG[:size]) is None
    assert root_hash(LEAVES[:size]) != root_hash(LEAVES)
