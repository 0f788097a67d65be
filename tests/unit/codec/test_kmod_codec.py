"""The appended signature: found at the end of a file, bounded, nested at most so deep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec import cms, kmod
from signstation.errors import ArtifactMalformed


def _read(data: bytes) -> kmod.Read:
    return lambda offset, length: data[offset : offset + length]


def _signatures(data: bytes) -> tuple[kmod.Appended, ...]:
    return kmod.signatures(_read(data), len(data))


@given(
    st.binary(min_size=2, max_size=200), st.lists(st.binary(min_size=1, max_size=80), max_size=4)
)
def test_signatures_are_found_from_the_end_inwards(content: bytes, layers: list[bytes]) -> None:
    data = content
    for each in layers:
        data += kmod.append(each)
    found = _signatures(data)
    assert [each.signature for each in found] == layers[::-1]
    assert all(each.exact and each.id_type == kmod.IdType.PKCS7 for each in found)
    assert not found or found[-1].content == len(content)


def test_the_trailer_is_the_kernels() -> None:
    """As struct module_signature: algo, hash, id_type 2, lengths, padding, sig_len big-endian."""
    assert kmod.append(b"abc") == (b"abc\0\0\2\0\0\0\0\0\0\0\0\x03~Module signature appended~\n")


@given(st.binary(max_size=60))
def test_any_bytes_before_the_marker_end_in_a_value_or_a_typed_error(data: bytes) -> None:
    whole = data + kmod.MARKER
    try:
        found = _signatures(whole)
    except ArtifactMalformed as error:
        offset = error.offset
    else:
        offset = found[0].content
    assert 0 <= offset <= len(whole)


@pytest.mark.parametrize("length", [0, 5, 2**32 - 1])
def test_lengths_that_the_kernel_refuses_are_refused(length: int) -> None:
    """mod_check_sig(): the signature must leave at least one byte of module."""
    data = b"cont" + b"\0\0\2\0\0\0\0\0" + length.to_bytes(4) + kmod.MARKER
    with pytest.raises(ArtifactMalformed) as raised:
        _signatures(data)
    assert raised.value.offset == 12


def test_signatures_longer_than_any_cms_are_refused() -> None:
    signature = bytes(cms.MAX_SIZE + 1)
    with pytest.raises(ArtifactMalformed):
        _signatures(b"module" + kmod.append(signature))


def test_reserved_fields_are_reported_not_lost() -> None:
    data = bytearray(b"module" + kmod.append(b"abc"))
    data[9] = 1
    (found,) = _signatures(bytes(data))
    assert not found.exact


def test_nesting_is_bounded() -> None:
    data = b"module" + kmod.append(b"x") * kmod.MAX_NESTED
    assert len(_signatures(data)) == kmod.MAX_NESTED
    with pytest.raises(ArtifactMalformed, match="at most"):
        _signatures(b"module" + kmod.append(b"x") * (kmod.MAX_NESTED + 1))


def test_no_marker_means_no_signature() -> None:
    assert _signatures(b"") == ()
    assert _signatures(kmod.MARKER[1:]) == ()
    assert _signatures(b"module" + kmod.append(b"x") + b"\n") == ()
