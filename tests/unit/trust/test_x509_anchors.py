"""X.509 trust files: one certificate or many, PEM or DER, alone or beside other blocks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.der import encode_pem
from signstation.errors import KeyUnreadable
from signstation.model.trust import Origin, Purpose
from signstation.trust import anchors
from signstation.trust.anchors import prepare_trust
from signstation.trust.x509 import MAX_ANCHORS, prepare_x509
from tests.support.tools import PlainToolContext, tool_context
from tests.support.x509 import NOW, Shape, identity

FIRST = identity("p256")
SECOND = identity("p384", Shape(name="Second", authority=True))


@pytest.fixture(scope="module")
def tools() -> Iterator[PlainToolContext]:
    with tool_context(NOW) as context:
        yield context


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (FIRST.der, [FIRST]),
        (FIRST.der + SECOND.der, [FIRST, SECOND]),
        (FIRST.certificate_pem(), [FIRST]),
        (SECOND.certificate_pem() + b"# text between\n" + FIRST.certificate_pem(), [SECOND, FIRST]),
        (FIRST.key_pem() + FIRST.certificate_pem(), [FIRST]),
        (b"Bag Attributes\r\n" + FIRST.certificate_pem().replace(b"\n", b"\r\n"), [FIRST]),
    ],
    ids=["der", "two-der", "pem", "two-pem", "beside-a-key", "crlf"],
)
def test_certificates_become_anchors_with_their_origin(
    content: bytes, expected: list[object], tools: PlainToolContext
) -> None:
    trust = prepare_trust([("release.pem", content)], tools)
    assert [each.der for each in trust.x509] == [each.der for each in expected]  # type: ignore[attr-defined]
    assert {each.origin.source for each in trust.x509} == {"trust file release.pem"}
    assert {each.purposes for each in trust.x509} == {(Purpose.ANY,)}
    assert trust.openpgp == ()


def test_several_files_add_up(tools: PlainToolContext) -> None:
    trust = prepare_trust([("a", FIRST.der), ("b", SECOND.certificate_pem())], tools)
    assert [each.origin.source for each in trust.x509] == ["trust file a", "trust file b"]
    assert prepare_trust([], tools).x509 == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        FIRST.der[:-1],
        FIRST.der + b"\x30",
        FIRST.key_pem(),
        FIRST.certificate_pem()[:-10],
        encode_pem("CERTIFICATE", b"junk"),
        encode_pem("CERTIFICATE", FIRST.der[:-5]),
        b"-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n",
        b"\x30\x80" + FIRST.der,
        encode_pem("X", b"x") * (MAX_ANCHORS + 1),
    ],
    ids=range(11),
)
def test_files_without_a_whole_anchor_are_refused_by_their_label(
    content: bytes, tools: PlainToolContext
) -> None:
    with pytest.raises(KeyUnreadable) as raised:
        prepare_trust([("good", FIRST.der), ("bad.pem", content)], tools)
    assert raised.value.key == "bad.pem"
    assert raised.value.reason


def test_the_number_and_size_of_anchors_are_bounded(
    tools: PlainToolContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyUnreadable):
        prepare_x509(b"\x30\x00" * (MAX_ANCHORS + 1), Origin("x"))
    monkeypatch.setattr(anchors, "MAX_FILE", 10)
    with pytest.raises(KeyUnreadable):
        prepare_trust([("x", FIRST.der)], tools)


@given(st.binary(max_size=300))
def test_any_bytes_end_in_anchors_or_a_typed_error(data: bytes) -> None:
    for content in (data, b"\x30" + data, FIRST.der + data):
        try:
            prepare_x509(content, Origin("x"))
        except KeyUnreadable:
            continue
