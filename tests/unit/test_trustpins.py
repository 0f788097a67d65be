"""Pins of the station's own keys: durable, checked when read, and vouching for nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from signstation.app.trustpins import MAX_CERTIFICATE, Pin, TrustPins, pins_of
from signstation.errors import StoreDamaged
from signstation.model.hashes import sha256
from signstation.model.keys import KeyFamily, KeyType
from signstation.model.trust import (
    OpenPgpCertificate,
    OpenPgpKey,
    Origin,
    Purpose,
    Trust,
    X509Anchor,
)

HERE = Origin("generated on this station", 1_700_000_000)
FILE = Origin("trust file")


def certificate(fingerprint: str, material: bytes, user_id: str = "A <a@x>") -> OpenPgpCertificate:
    """Return prepared trust as a tool worker gives it."""
    key = OpenPgpKey(fingerprint, KeyType(KeyFamily.ED25519), 1, None, can_sign=True)
    return OpenPgpCertificate(material, (user_id,), (key,), FILE)


ONE = certificate("A" * 40, b"one")
TWO = certificate("B" * 40, b"two")
ROOT = X509Anchor(b"der", FILE)


def pin_all(pins: TrustPins, trust: Trust, origin: Origin = HERE) -> None:
    """Pin every anchor of ``trust``."""
    for pin, material in pins_of(trust, origin, (Purpose.KERNEL_MODULES,)):
        pins.add(pin, material)


@pytest.fixture
def pins(tmp_path: Path) -> TrustPins:
    """Give an empty store of pins."""
    return TrustPins(tmp_path / "trust")


def test_nothing_is_trusted_at_first(pins: TrustPins) -> None:
    assert pins.all() == ()
    assert pins.materials() == ()
    assert pins.stamp(Trust((ONE,), (ROOT,))) == Trust()


def test_pins_come_back_with_origin_and_purpose(pins: TrustPins, tmp_path: Path) -> None:
    pin_all(pins, Trust((ONE,), (ROOT,)))
    again = TrustPins(tmp_path / "trust")
    assert again.materials() == (("A <a@x>", b"one"), (f"X.509 {sha256(b'der').hex}", b"der"))
    stamped = again.stamp(Trust((ONE, TWO), (ROOT, X509Anchor(b"other", FILE))))
    assert [each.material for each in stamped.openpgp] == [b"one"]
    assert [each.der for each in stamped.x509] == [b"der"]
    assert {each.origin for each in (*stamped.openpgp, *stamped.x509)} == {HERE}
    assert stamped.x509[0].purposes == (Purpose.KERNEL_MODULES,)


def test_a_newer_certificate_of_the_same_key_keeps_the_first_day(pins: TrustPins) -> None:
    pin_all(pins, Trust((ONE,)))
    renewed = certificate("A" * 40, b"one with a new expiry", "A B <a@x>")
    pin_all(pins, Trust((renewed,)), Origin("imported", 1_800_000_000))
    (pin,) = pins.all()
    assert (pin.label, pin.origin) == ("A B <a@x>", HERE)
    assert pins.materials() == (("A B <a@x>", b"one with a new expiry"),)


def test_files_are_private(pins: TrustPins, tmp_path: Path) -> None:
    pin_all(pins, Trust((ONE,)))
    modes = {each.stat().st_mode & 0o777 for each in (tmp_path / "trust").iterdir()}
    assert modes == {0o600}
    assert (tmp_path / "trust").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b'{"version": 2, "pins": []}', b"[" * 9999])
def test_a_damaged_index_is_said_and_never_means_empty(
    pins: TrustPins, tmp_path: Path, content: bytes
) -> None:
    pin_all(pins, Trust((ONE,)))
    (tmp_path / "trust/index.json").write_bytes(content)
    with pytest.raises(StoreDamaged):
        pins.all()
    with pytest.raises(StoreDamaged):
        pin_all(pins, Trust((TWO,)))


def test_a_changed_certificate_is_found(pins: TrustPins, tmp_path: Path) -> None:
    pin_all(pins, Trust((ONE,)))
    (tmp_path / "trust" / sha256(b"one").hex).write_bytes(b"two")
    with pytest.raises(StoreDamaged, match="damaged"):
        pins.materials()
    (tmp_path / "trust" / sha256(b"one").hex).unlink()
    with pytest.raises(StoreDamaged, match="damaged"):
        pins.materials()


def test_bounds_hold(pins: TrustPins) -> None:
    with pytest.raises(StoreDamaged):
        pins.add(Pin("A", "", "a", HERE, ()), bytes(MAX_CERTIFICATE + 1))
    assert pins.all() == ()
