"""The hash of signatures on the Sign page: what follows from it, and why one is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from signstation.gui.pages import PageName
from signstation.gui.parts import Label
from signstation.gui.sign import SignPage
from signstation.gui.sign_hashes import HASHES
from signstation.gui.sign_profile import apply_profile, make_profile
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily, KeyType
from signstation.model.orders import SignOrder
from signstation.model.profiles import Profile
from tests.support import windowdata
from tests.support.window import Script
from tests.support.windowdriver import Driver
from tests.support.windowscenes import SCENES


@pytest.fixture
def page(driver: Driver) -> SignPage:
    """The Sign page at its third step."""
    next(each for each in SCENES if each.name == "sign keys").go(driver)
    return driver.page(PageName.SIGN, SignPage)


def _choose(driver: Driver, page: SignPage, kind: str, key: Qt.Key) -> None:
    box = page._keys.rows[kind].hash
    box.setFocus()
    QTest.keyClick(box, key)
    driver.settle()


def _offered(page: SignPage, kind: str) -> list[str]:
    box = page._keys.rows[kind].hash
    return [box.itemText(number) for number in range(box.count())]


def _reasons(page: SignPage) -> list[str]:
    return [each.text() for each in page._keys.findChildren(Label) if each.isVisible()]


def test_each_kind_has_the_usual_hash_or_one_of_its_own(driver: Driver, page: SignPage) -> None:
    assert _offered(page, "rpm") == ["SHA-256, as usual", "SHA-256", "SHA-384", "SHA-512"]
    _choose(driver, page, "rpm", Qt.Key.Key_End)
    _choose(driver, page, "kmod", Qt.Key.Key_Down)
    page._stepper.next.click()
    driver.settle()
    found = [each for name, each in driver.station.orders if name == "plan"]
    orders = [each for each in found if isinstance(each, SignOrder)]
    assert {each.format: each.hash for each in orders} == {
        "rpm": HashAlgorithm.SHA512,
        "kmod": HashAlgorithm.SHA256,
        "blob": None,
    }
    shown = [each.text() for each in page._review.findChildren(Label) if each.isVisible()]
    assert any("SHA-512" in each for each in shown)


def test_a_profile_keeps_the_hash_of_each_kind(driver: Driver, page: SignPage) -> None:
    _choose(driver, page, "rpm", Qt.Key.Key_End)
    profile = make_profile("Release", page._flow)
    assert {each.format: each.hash for each in profile.kinds} == {
        "rpm": "sha512",
        "kmod": "",
        "blob": "",
    }
    page._flow.hashes.clear()
    assert apply_profile(replace(profile, hash="sha384"), page._flow) == ()
    assert page._flow.hashes == {
        "rpm": HashAlgorithm.SHA512,
        "kmod": HashAlgorithm.SHA384,
        "blob": HashAlgorithm.SHA384,
    }


class TestRefused:
    """A key whose curve is longer than one of the hashes."""

    @pytest.fixture
    def script(self) -> Script:
        """GnuPG keys on P-384."""
        kind = KeyType(KeyFamily.P384, 384)
        keys = (
            replace(each, type=kind) if each.key.store == "gpg" else each
            for each in windowdata.key_list()
        )
        return Script(keys=tuple(keys))

    def test_a_refusal_says_why_and_what_to_do(self, driver: Driver, page: SignPage) -> None:
        assert _offered(page, "rpm") == ["SHA-384, as usual", "SHA-384", "SHA-512"]
        assert len(_offered(page, "kmod")) == 1 + len(HASHES)
        why = "Not SHA-256: GnuPG takes no hash that is shorter than the curve of P-384."
        assert why in _reasons(page)
        assert page._stepper.next.isEnabled()
        page._use_profile(Profile("Old", "", hash="sha256"))
        driver.settle()
        assert "SHA-256" in _offered(page, "rpm")
        assert not page._stepper.next.isEnabled()
        assert page._stepper.next.reason.text() == "Choose another hash, or another key."
        for kind in ("rpm", "blob"):
            _choose(driver, page, kind, Qt.Key.Key_Home)
        assert page._stepper.next.isEnabled()
