"""Values to JSON data and back: exact types, no unknown fields, and nothing but one error."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.plain import canonical, from_plain, to_plain
from signstation.errors import ProtocolViolation
from signstation.model.asks import Compression, HashOf, Literal, Part, Range, ToSign, Unpacked
from signstation.model.checks import Verified
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyRef, Scheme, SignerProfile
from signstation.model.orders import SignOrder
from signstation.model.outputs import Output, Patch, Patched, Sibling
from signstation.model.prompts import Prompt
from signstation.model.requests import Request
from signstation.model.secret import Secret
from signstation.model.trust import Trust
from tests.support.x509 import identity, profile, trust

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("key", "store", "locator", "is", "openpgp", "x509", "id", "checks")),
            inner,
        )
    ),
    max_leaves=12,
)
KINDS = (SignerProfile, KeyRef, Trust, Request, Prompt, Verified, SignOrder, ToSign)


def test_a_profile_survives_json() -> None:
    value = profile(identity("rsa2048"))
    assert from_plain(json.loads(json.dumps(to_plain(value))), SignerProfile) == value


def test_trust_survives_json() -> None:
    value = trust(identity("p256"))
    assert from_plain(json.loads(json.dumps(to_plain(value))), Trust) == value


def test_paths_are_text() -> None:
    order = SignOrder(paths=(Path("/a"),), keys=(KeyRef("gpg", "F"),), output=Path("/b"))
    assert from_plain(json.loads(json.dumps(to_plain(order))), SignOrder) == order


@pytest.mark.parametrize(
    "value",
    [Patched((Patch(1, 2, b"\xff"),)), Sibling(".sig", b"\x00")],
)
def test_a_union_knows_which_it_was(value: Output) -> None:
    plain = to_plain(value, Output)
    assert from_plain(plain, Output) == value  # type: ignore[arg-type]


def test_asks_survive_with_every_kind_of_segment() -> None:
    inside = Unpacked(Compression.XZ, 5, 6, 7)
    covers = (
        Range(1, 2),
        Literal(b"x"),
        inside,
        HashOf(HashAlgorithm.SHA256, (Range(3, 4), inside)),
    )
    ask = ToSign(0, Scheme.ED25519, Part.FILE, covers, message=b"m")
    assert from_plain(json.loads(json.dumps(to_plain(ask))), ToSign) == ask


@given(st.sampled_from(KINDS), JSON)
def test_any_data_gives_a_value_or_a_violation(kind: type[object], data: object) -> None:
    with suppress(ProtocolViolation):
        assert isinstance(from_plain(data, kind), kind)


@pytest.mark.parametrize(
    "data",
    [
        {"store": "gpg", "locator": "F", "more": 1},
        {"store": "gpg"},
        {"store": 1, "locator": "F"},
        {"store": True, "locator": "F"},
        ["gpg", "F"],
        None,
    ],
)
def test_other_shapes_are_refused(data: object) -> None:
    with pytest.raises(ProtocolViolation):
        from_plain(data, KeyRef)


def test_bytes_are_strict_base64() -> None:
    @dataclass(frozen=True)
    class Holder:
        value: bytes

    assert to_plain(Holder(b"\x00\xff")) == {"value": "AP8="}
    for bad in ("AP8", "AP8=\n", "A P8=", 5):
        with pytest.raises(ProtocolViolation):
            from_plain({"value": bad}, Holder)


def test_a_secret_has_no_plain_form() -> None:
    with pytest.raises(TypeError):
        json.dumps(to_plain(Secret(b"hunter2")))


def test_the_canonical_form_is_sorted_and_tight() -> None:
    assert canonical({"b": [1, "ä"], "a": {}}) == '{"a":{},"b":[1,"ä"]}'.encode()
    with pytest.raises(ValueError, match="Out of range"):
        canonical(float("nan"))
