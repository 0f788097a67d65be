"""DER: what is written is read again, and any bytes give a value or a typed error."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signstation.codec import der
from signstation.codec.der import Reader
from signstation.errors import ArtifactMalformed


def _one(data: bytes) -> der.Element:
    reader = Reader(data)
    found = reader.any()
    reader.finish()
    return found


@given(st.binary(max_size=70_000), st.sampled_from([der.OCTET_STRING, der.SEQUENCE, 0xA0]))
@example(b"x" * 127, der.SEQUENCE)
@example(b"x" * 128, der.SEQUENCE)
@example(b"x" * 65_536, der.SEQUENCE)
def test_elements_are_read_as_they_were_written(content: bytes, tag: int) -> None:
    written = der.der(tag, content)
    found = _one(written)
    assert (found.tag, found.content, found.raw) == (tag, content, written)


@given(st.integers(min_value=-(2**500), max_value=2**500))
@example(0)
@example(-1)
@example(-128)
@example(128)
def test_integers_go_there_and_back(value: int) -> None:
    written = der.integer(value)
    assert der.parse_integer(_one(written)) == value


@given(st.integers(0, 1), st.integers(0, 39), st.lists(st.integers(0, 2**60), max_size=5))
def test_object_identifiers_go_there_and_back(first: int, second: int, rest: list[int]) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    assert der.parse_oid(_one(der.oid(dotted))) == dotted


def test_the_third_root_has_no_bound_on_its_second_arc() -> None:
    """2.999.3 is the example of X.690 8.19.5."""
    assert der.oid("2.999.3").hex() == "0603883703"
    assert der.parse_oid(_one(der.oid("2.999.3"))) == "2.999.3"


@given(st.integers(-10_000_000_000, 253_402_300_799))
@example(2_524_607_999)
@example(2_524_608_000)
@example(-631_152_000)
@example(-631_152_001)
def test_times_go_there_and_back_and_change_their_form_in_2050(seconds: int) -> None:
    element = _one(der.encode_time(seconds))
    assert der.parse_time(element) == seconds
    short = -631_152_000 <= seconds < 2_524_608_000
    assert element.tag == (der.UTC_TIME if short else der.GENERALIZED_TIME)


@pytest.mark.parametrize(
    "data",
    [
        "3080020101" + "0000",  # indefinite length
        "308100",  # long form where the short one fits
        "30820001" + "00",  # a leading zero in the length
        "3003020101" + "00",  # bytes left over
        "30030201",  # content cut off
        "1f8101" + "00",  # high tag number
        "30",  # no length
        "",
        "3085ffffffffff",  # a length of five octets
    ],
)
def test_what_is_not_der_is_refused_with_an_offset(data: str) -> None:
    with pytest.raises(ArtifactMalformed) as raised:
        _one(bytes.fromhex(data))
    assert 0 <= raised.value.offset <= len(data) // 2


@pytest.mark.parametrize("content", ["", "0001", "ff80", "00" * 65])
def test_integers_in_other_than_shortest_form_are_refused(content: str) -> None:
    with pytest.raises(ArtifactMalformed):
        der.parse_integer(_one(der.der(der.INTEGER, bytes.fromhex(content))))


@pytest.mark.parametrize("content", ["", "80", "2a80", "2a8001", "2a" * 65])
def test_object_identifiers_with_open_or_padded_arcs_are_refused(content: str) -> None:
    with pytest.raises(ArtifactMalformed):
        der.parse_oid(_one(der.der(der.OBJECT_IDENTIFIER, bytes.fromhex(content))))


@pytest.mark.parametrize(
    "text",
    [
        b"20250101000000+0100",
        b"2025010100Z",
        b"20251301000000Z",
        b"20250230000000Z",
        b"20250101250000Z",
        b"00000101000000Z",
        b"2025010100000 Z",
    ],
)
def test_times_that_do_not_exist_or_are_not_utc_are_refused(text: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        der.parse_time(_one(der.der(der.GENERALIZED_TIME, text)))


def test_sets_are_written_in_order() -> None:
    assert der.set_of(b"\x04\x01b", b"\x02\x01\x01", b"\x04\x01a")[2:] == (
        b"\x02\x01\x01\x04\x01a\x04\x01b"
    )


def _offset_of_error(call: Callable[[], object]) -> int:
    """Run ``call``; return the offset of its error, 0 where there is none."""
    try:
        call()
    except ArtifactMalformed as error:
        return error.offset
    return 0


def _walk(data: bytes) -> None:
    """Walk into every element, as deep as it goes, and parse each as everything."""
    pending = [Reader(data)]
    while pending:
        reader = pending.pop()
        for element in reader.all(1000):
            assert reader.offset <= len(data)
            if element.tag & 0x20:
                pending.append(element.reader())
            for parse in (der.parse_integer, der.parse_oid, der.parse_time):
                assert _offset_of_error(partial(parse, element)) <= len(data)


@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_value_or_a_typed_error(data: bytes) -> None:
    assert 0 <= _offset_of_error(lambda: _walk(data)) <= len(data)


def test_counts_are_bounded() -> None:
    with pytest.raises(ArtifactMalformed, match="at most 3 elements"):
        list(Reader(der.der(der.NULL) * 4).all(3))


@given(st.text(max_size=20), st.binary(max_size=300), st.text(max_size=20))
def test_pem_is_found_in_any_text(before: str, content: bytes, after: str) -> None:
    block = der.encode_pem("CERTIFICATE", content)
    (found,) = der.pem_blocks(before.encode() + b"\n" + block + after.encode(), 10)
    assert (found.label, found.decode()) == ("CERTIFICATE", content)
    assert found.text + b"\n" == block


@given(st.lists(st.sampled_from([b"-----BEGIN ", b"A-----", b"-----END A-----", b"x", b"\n"])))
def test_boundaries_that_do_not_fit_never_hang(pieces: list[bytes]) -> None:
    for block in der.pem_blocks(b"".join(pieces), 100):
        assert block.text.startswith(b"-----BEGIN A-----")
        assert block.text.endswith(b"-----END A-----")


def test_a_million_open_boundaries_take_no_time() -> None:
    data = b"-----BEGIN A-----\n" * 200_000 + b"-----END B-----\n" * 200_000
    started = time.process_time()
    assert der.pem_blocks(data, 10) == ()
    assert time.process_time() - started < 5


def test_pem_that_is_not_base64_is_refused() -> None:
    (block,) = der.pem_blocks(b"-----BEGIN X-----\n???\n-----END X-----", 1)
    with pytest.raises(ArtifactMalformed):
        block.decode()


def test_the_number_of_pem_blocks_is_bounded() -> None:
    with pytest.raises(ArtifactMalformed):
        der.pem_blocks(der.encode_pem("X", b"x") * 3, 2)
