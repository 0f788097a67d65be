"""Canonical requests: one spelling, strict reading, any bytes give a value or a typed error."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.codec.request import MAX_INTEGER, MAX_TEXT, build_request, parse_request
from signstation.errors import LimitReached, ProtocolViolation, SignstationError
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Scheme, SignatureType
from signstation.model.requests import (
    OutputMode,
    Request,
    RequestItem,
    RequestSigner,
    RequestSlot,
)

HEX = "0123456789abcdef"
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
digests = st.text(HEX, min_size=64, max_size=64)
pairs = st.lists(st.tuples(words, words), max_size=3).map(tuple)
options = st.dictionaries(words, words, max_size=3).map(lambda each: tuple(sorted(each.items())))
slots = st.builds(
    RequestSlot,
    signer=st.just(0),
    kind=st.sampled_from([each.value for each in SignatureType]),
    scheme=st.sampled_from([each.value for each in Scheme]),
    hash=st.sampled_from([each.value for each in HashAlgorithm]),
)
items = st.builds(
    RequestItem,
    name=words,
    format=words,
    rules=st.integers(0, 9),
    size=st.integers(0, MAX_INTEGER),
    sha256=st.just("") | digests,
    options=options,
    facts=pairs,
    slots=st.lists(slots, min_size=1, max_size=2).map(tuple),
    output_mode=st.sampled_from(OutputMode),
    output=words,
    asks=st.lists(digests, max_size=2).map(tuple),
)
requests = st.builds(
    Request,
    version=st.just(1),
    nonce=st.text(HEX, min_size=32, max_size=32),
    created=st.integers(0, 2**40),
    not_after=st.integers(2**40, 2**41),
    signing_time=st.integers(0, 2**40),
    seed=st.text(HEX, min_size=32, max_size=32),
    requester=words,
    purpose=words,
    policy_sha256=digests,
    approvals=st.just(0),
    signers=st.lists(st.builds(RequestSigner, words, digests, digests), min_size=1, max_size=2).map(
        tuple
    ),
    items=st.lists(items, min_size=1, max_size=3).map(tuple),
)

SLOT = RequestSlot(0, "cms", "rsa-pkcs1-sha256", "sha256")
ITEM = RequestItem(
    name="modules/a.ko",
    format="kmod",
    rules=1,
    size=60_000,
    sha256="",
    options=(("existing", "replace"),),
    facts=(("name", "ä"),),
    slots=(SLOT,),
    output_mode=OutputMode.DIRECTORY,
    output="a.ko",
)
REQUEST = Request(
    version=1,
    nonce="0" * 32,
    created=1_700_000_000,
    not_after=1_700_086_400,
    signing_time=1_700_000_000,
    seed="1" * 32,
    requester="uid 1000",
    purpose="",
    policy_sha256="0" * 64,
    approvals=0,
    signers=(RequestSigner("file:/k.pem", "2" * 64, "3" * 64),),
    items=(ITEM,),
)


@settings(max_examples=60)
@given(requests)
def test_a_request_comes_back_from_its_bytes(request: Request) -> None:
    data = build_request(request)
    assert parse_request(data) == request
    assert build_request(parse_request(data)) == data


@given(st.binary(max_size=200))
def test_any_bytes_give_a_typed_error(data: bytes) -> None:
    with pytest.raises(SignstationError):
        parse_request(data)


@settings(max_examples=150)
@given(st.data())
def test_a_changed_byte_gives_another_request_or_a_typed_error(data: st.DataObject) -> None:
    original = build_request(REQUEST)
    at = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != original[at]))
    try:
        found = parse_request(original[:at] + bytes([byte]) + original[at + 1 :])
    except (ProtocolViolation, LimitReached):
        return
    assert found != REQUEST


def test_the_bytes_are_those_of_rfc_8785() -> None:
    """Sorted names, no spaces, UTF-8 as it is, only the escapes that JSON demands."""
    data = build_request(replace(REQUEST, purpose='"\\\n\x1f\x7fé/'))
    assert data.startswith(b'{"approvals":0,"created":1700000000,"items":[{"asks":[],"facts":[[')
    assert b'"purpose":"\\"\\\\\\n\\u001f\x7f\xc3\xa9/"' in data


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b'"approvals":0', b'"approvals":0.0', id="float"),
        pytest.param(b'"approvals":0', b'"approvals":false', id="boolean"),
        pytest.param(b'"approvals":0', b'"approvals":null', id="null"),
        pytest.param(b'"approvals":0', b'"approvals": 0', id="space"),
        pytest.param(b'"approvals":0', b'"approvals":0,"approvals":0', id="name twice"),
        pytest.param(b'"approvals":0', b'"a":0,"approvals":0', id="unknown field"),
        pytest.param(b'"approvals":0,', b"", id="missing field"),
        pytest.param(b'"approvals":0', b'"approvals":-1', id="negative"),
        pytest.param(b'"approvals":0', b'"approvals":1', id="approvals without asks"),
        pytest.param(b'"version":1', b'"version":2', id="version"),
        pytest.param(b'"signer":0', b'"signer":1', id="signer that is not there"),
        pytest.param(b'"cms"', b'"pgp"', id="signature type"),
        pytest.param(b'"rsa-pkcs1-sha256"', b'"rsa"', id="scheme"),
        pytest.param(b'"hash":"sha256"', b'"hash":"crc32"', id="hash"),
        pytest.param(b"\xc3\xa4", b"\\u00e4", id="another escape"),
        pytest.param(b"\xc3\xa4", b"\xc3", id="not UTF-8"),
        pytest.param(b"\xc3\xa4", b"\\ud800", id="half a surrogate"),
        pytest.param(b'"sha256":""', b'"sha256":"00"', id="short digest"),
        pytest.param(b'"not_after":1700086400', b'"not_after":1', id="end before beginning"),
        pytest.param(b'"size":60000', b'"size":9007199254740992', id="integer above 2^53-1"),
        pytest.param(b'"dir"', b'"else"', id="output mode"),
    ],
)
def test_what_is_not_canonical_is_refused(old: bytes, new: bytes) -> None:
    data = build_request(REQUEST)
    assert data.count(old) == 1
    with pytest.raises(ProtocolViolation):
        parse_request(data.replace(old, new))


@pytest.mark.parametrize(
    "wrong",
    [
        replace(REQUEST, items=()),
        replace(REQUEST, signers=()),
        replace(REQUEST, items=(replace(ITEM, slots=()),)),
        replace(REQUEST, items=(replace(ITEM, slots=(SLOT,) * 33),)),
        replace(REQUEST, items=(replace(ITEM, name=""),)),
        replace(REQUEST, items=(replace(ITEM, name="\udcff"),)),
        replace(REQUEST, items=(replace(ITEM, options=(("b", ""), ("a", ""))),)),
        replace(REQUEST, purpose="x" * (MAX_TEXT + 1)),
        replace(REQUEST, seed="A" * 32),
    ],
)
def test_a_wrong_request_is_not_written(wrong: Request) -> None:
    with pytest.raises((ProtocolViolation, LimitReached)):
        build_request(wrong)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ProtocolViolation):
        parse_request(b"[" * 100_000)


def test_long_numbers_are_refused() -> None:
    text = json.dumps({"version": 0}).replace("0", "9" * 10_000)
    with pytest.raises(ProtocolViolation):
        parse_request(text.encode())
