"""GnuPG's colon listing: real records, hostile user ids, and any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec import colons
from signstation.codec.colons import ListedKey, ListedUser, Validity, parse_listing
from signstation.errors import ArtifactMalformed, LimitReached

LISTING = rb"""tru::1:1795529987:0:3:1:5
pub:-:255:22:E384013113D00361:1795529896:1827065896::u:::cSC:::::ed25519:::0:
fpr:::::::::7B654E8B870C4E05DCF9AF55E384013113D00361:
grp:::::::::9BA7FE1B3BDEF7135660412815E843416A301995:
uid:u::::1795529896::42C622E1F68FA1A54441367D792660810FF9C4BA::Ed \x3a\x5c Pl\xc3\xa4in <ed@x>:::0:
uid:r::::1795529897::42C622E1F68FA1A54441367D792660810FF9C4BB::\x1b[2J\n\xff\\:::0:
sub:e:255:22:E75A0B915650AF32:1795529896:1827065896:::::s:::::ed25519::
fpr:::::::::AB786305D410F7AD1327AED4E75A0B915650AF32:
grp:::::::::B8EBBDBC913E411487641C6B7186B39DD05E2DBF:
sec:r:2048:1:8FB7CFABBD5AA72D:1795529896:::u:::scSC:::D2760001240103040006123456780000:::23::0:
fpr:::::::::B701281AE8297D6B8936632F8FB7CFABBD5AA72D:
"""


def test_a_listing_is_read() -> None:
    first, second = parse_listing(LISTING)
    assert first.primary == ListedKey(
        primary=True,
        secret=False,
        validity=Validity.UNTRUSTED,
        bits=255,
        algorithm=22,
        key_id="E384013113D00361",
        created=1795529896,
        expires=1827065896,
        capabilities="cSC",
        token="",
        curve="ed25519",
        fingerprint="7B654E8B870C4E05DCF9AF55E384013113D00361",
        keygrip="9BA7FE1B3BDEF7135660412815E843416A301995",
    )
    assert not first.keys[1].primary
    assert first.keys[1].validity is Validity.EXPIRED
    assert first.keys[1].fingerprint == "AB786305D410F7AD1327AED4E75A0B915650AF32"
    assert second.primary.secret
    assert second.primary.expires is None
    assert second.primary.token.startswith("D276000124")
    assert second.primary.curve == second.primary.keygrip == ""
    assert second.users == ()


def test_escapes_and_undecodable_bytes_of_user_ids() -> None:
    first, _ = parse_listing(LISTING)
    assert first.users == (
        ListedUser(Validity.ULTIMATE, 1795529896, None, "Ed :\\ Pläin <ed@x>"),
        ListedUser(Validity.REVOKED, 1795529897, None, "\x1b[2J\n\\xff\\"),
    )


def test_records_before_the_first_certificate_are_passed_over() -> None:
    assert parse_listing(b"tru::1:1:0:3:1:5\nuid:u::::::::x:\nfpr:::::::::AA:\n\n") == ()


@given(st.binary(max_size=300) | st.lists(st.sampled_from(LISTING.split(b"\n"))).map(b"\n".join))
def test_any_bytes_give_a_value_or_a_typed_error(data: bytes) -> None:
    try:
        parse_listing(data)
    except ArtifactMalformed as error:
        offset = error.offset
    else:
        offset = 0
    assert 0 <= offset <= len(data)


@given(st.data())
def test_a_changed_byte_gives_a_value_or_a_typed_error(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(LISTING) - 1))
    byte = data.draw(st.binary(min_size=1, max_size=1))
    try:
        assert len(parse_listing(LISTING[:at] + byte + LISTING[at + 1 :])) <= 2
    except ArtifactMalformed as error:
        offset = error.offset
    else:
        offset = 0
    assert 0 <= offset <= at


@pytest.mark.parametrize(
    "line",
    [
        b"pub:Z:255:22:E3:1:2::u:::c:::::ed25519:::0:",
        b"pub:-:-1:22:E3:1:2::u:::c:::::ed25519:::0:",
        b"pub:-:255:22:E3:20201010T101010:2::u:::c:::::ed25519:::0:",
        b"pub:-:255:22:E3:99999999999:2::u:::c:::::ed25519:::0:",
        "pub:-:255:٣:E3:1:2::u:::c:::::ed25519:::0:".encode(),
    ],
)
def test_a_field_that_cannot_be_read_is_named(line: bytes) -> None:
    with pytest.raises(ArtifactMalformed) as caught:
        parse_listing(b"tru::1:\n" + line)
    assert caught.value.offset == 8


def test_a_listing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colons, "MAX_PARTS", 4)
    with pytest.raises(LimitReached):
        parse_listing(LISTING + LISTING.split(b"\n")[6] * 2)
    monkeypatch.setattr(colons, "MAX_CERTIFICATES", 1)
    with pytest.raises(LimitReached):
        parse_listing(LISTING)
    monkeypatch.setattr(colons, "MAX_LISTING", 100)
    with pytest.raises(LimitReached):
        parse_listing(LISTING)
