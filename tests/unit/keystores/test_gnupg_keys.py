"""States, protection and choice of keys as pure functions of listing and agent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.colons import ListedCertificate, ListedKey, ListedUser, Validity
from signstation.keystores.gnupg_agent import AgentKey, Place
from signstation.keystores.gnupg_keys import HeldKey, infos, keys_of, label
from signstation.model.keys import KeyFamily, KeyState, KeyType, Protection

NOW = 1_000_000
PRIMARY = ListedKey(
    primary=True,
    secret=False,
    validity=Validity.UNTRUSTED,
    bits=255,
    algorithm=22,
    key_id="A" * 16,
    created=NOW - 10,
    expires=None,
    capabilities="cSC",
    token="",
    curve="ed25519",
    fingerprint="A" * 40,
    keygrip="1" * 40,
)
SUBKEY = replace(PRIMARY, primary=False, capabilities="s", fingerprint="B" * 40, keygrip="2" * 40)
USER = ListedUser(Validity.UNTRUSTED, NOW, None, "User <u@example.org>")
HERE = AgentKey(SUBKEY.keygrip, Place.DISK, cached=False, protected=True)


def held(
    key: ListedKey = SUBKEY, primary: ListedKey = PRIMARY, agent: AgentKey | None = HERE
) -> HeldKey:
    return HeldKey(ListedCertificate((primary, key), (USER,)), key, agent)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, KeyState.ACTIVE),
        ({"validity": Validity.ULTIMATE}, KeyState.ACTIVE),
        ({"validity": Validity.NEVER}, KeyState.ACTIVE),  # of the web of trust, not of the key
        ({"validity": Validity.REVOKED, "expires": 1}, KeyState.REVOKED),
        ({"validity": Validity.INVALID}, KeyState.DISABLED),
        ({"validity": Validity.DISABLED}, KeyState.DISABLED),
        ({"capabilities": "csSCD"}, KeyState.DISABLED),
        ({"validity": Validity.EXPIRED}, KeyState.EXPIRED),
        ({"expires": NOW}, KeyState.EXPIRED),
        ({"expires": NOW + 1}, KeyState.ACTIVE),
        ({"created": NOW}, KeyState.ACTIVE),
        ({"created": NOW + 1, "validity": Validity.INVALID}, KeyState.NOT_YET),
        ({"created": None}, KeyState.ACTIVE),
    ],
)
def test_a_subkey_is_never_better_than_its_primary(
    change: dict[str, object], state: KeyState
) -> None:
    assert held(primary=replace(PRIMARY, **change)).state(NOW) is state  # type: ignore[arg-type]
    if "capabilities" not in change:
        assert held(replace(SUBKEY, **change)).state(NOW) is state  # type: ignore[arg-type]


@given(
    st.sampled_from(Validity),
    st.sampled_from(Place),
    st.integers(0, 2 * NOW) | st.none(),
    st.integers(0, 2 * NOW) | st.none(),
    st.booleans(),
)
def test_only_an_active_signing_key_is_usable(
    validity: Validity,
    place: Place,
    created: int | None,
    expires: int | None,
    flag: bool,  # noqa: FBT001 - hypothesis gives it by position
) -> None:
    key = replace(SUBKEY, validity=validity, created=created, expires=expires)
    agent = AgentKey(key.keygrip, place, cached=flag, protected=not flag)
    each = held(key, agent=agent)
    assert each.usable(NOW) is (each.state(NOW) is KeyState.ACTIVE)
    if each.usable(NOW):
        assert each.here
        assert (expires or NOW + 1) > NOW
        assert (created or 0) <= NOW
    assert not held(replace(key, capabilities="ea"), agent=agent).usable(NOW)
    assert not held(key, agent=None).usable(NOW)


def test_protection_and_prompts() -> None:
    for place, protected, cached, protection, prompts in (
        (Place.DISK, True, False, Protection.SOFTWARE, True),
        (Place.DISK, True, True, Protection.SOFTWARE, False),
        (Place.DISK, False, False, Protection.UNPROTECTED, False),
        (Place.TOKEN, True, False, Protection.TOKEN, True),
    ):
        each = held(agent=AgentKey("2" * 40, place, cached=cached, protected=protected))
        assert each.protection is protection
        assert each.prompts is prompts
    assert held(agent=None).protection is Protection.SOFTWARE
    assert not held(agent=None).prompts


@pytest.mark.parametrize(
    ("algorithm", "bits", "curve", "family"),
    [
        (1, 4096, "", KeyFamily.RSA),
        (3, 2048, "", KeyFamily.RSA),
        (19, 521, "nistp521", KeyFamily.P521),
        (19, 256, "brainpoolP256r1", KeyFamily.OTHER),
        (18, 255, "cv25519", KeyFamily.OTHER),
        (18, 256, "nistp256", KeyFamily.OTHER),
        (17, 2048, "", KeyFamily.OTHER),
        (22, 448, "ed448", KeyFamily.ED448),
        (99, 0, "", KeyFamily.OTHER),
    ],
)
def test_types(algorithm: int, bits: int, curve: str, family: KeyFamily) -> None:
    key = replace(SUBKEY, algorithm=algorithm, bits=bits, curve=curve)
    assert held(key).type.family is family
    if family is KeyFamily.RSA:
        assert held(key).type == KeyType(KeyFamily.RSA, bits)


def test_a_listing_has_the_primary_and_what_signs() -> None:
    encrypting = replace(SUBKEY, capabilities="e", fingerprint="C" * 40)
    certificate = ListedCertificate((PRIMARY, SUBKEY, encrypting), (USER,))
    keys = keys_of(certificate, {HERE.grip: HERE})
    listed = infos([keys], NOW, "/home")
    assert [each.fingerprint for each in listed] == [PRIMARY.fingerprint, SUBKEY.fingerprint]
    assert [each.state for each in listed] == [KeyState.PUBLIC_ONLY, KeyState.ACTIVE]


def test_the_label_is_the_first_good_user_id() -> None:
    bad = tuple(
        ListedUser(validity, NOW, None, validity.name)
        for validity in (Validity.REVOKED, Validity.EXPIRED, Validity.INVALID)
    )
    assert label(ListedCertificate((PRIMARY,), (*bad, USER))) == USER.value
    assert label(ListedCertificate((PRIMARY,), bad)) == PRIMARY.fingerprint
    expired = replace(PRIMARY, validity=Validity.EXPIRED)
    assert label(ListedCertificate((expired,), bad)) == "EXPIRED"
