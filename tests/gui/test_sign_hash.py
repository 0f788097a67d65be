"""The hash of signatures on the Sign page: what follows from it, and why one is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from signstation.gui.pages import PageName
from signstation.gui.parts import Label
from signstation.gui.sign import SignPage
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily, KeyType
from signstation.model.orders import SignOrder
from tests.support import windowdata
from tests.support.window import Script
from tests.support.windowdriver import Driver
from tests.support.windowscenes import SCENES


@pytest.fixture
def page(driver: Driver) -> SignPage:
    """The Sign page at its third step."""
    next(each for each in SCENES if each.name == "sign keys").go(driver)
    return driver.page(PageName.SIGN, SignPage)


def _choose(driver: Driver, page: SignPage, key: Qt.Key, times: int) -> None:
    box = page._keys.hashes.box
    box.setFocus()
    for _ in range(times):
        QTest.keyClick(box, key)
    driver.settle()


def _said(page: SignPage) -> list[str]:
    return [each.text() for each in page._keys.hashes.findChildren(Label)]


def test_the_usual_is_told_and_another_reaches_every_order(driver: Driver, page: SignPage) -> None:
    assert "Other files, Kernel modules, RPM packages: SHA-256" in _said(page)
    _choose(driver, page, Qt.Key.Key_Down, 3)
    assert "Other files, Kernel modules, RPM packages: SHA-512" in _said(page)
    page._stepper.next.click()
    driver.settle()
    orders = [each for name, each in driver.station.orders if name == "plan"]
    assert orders
    for each in orders:
        assert isinstance(each, SignOrder)
        assert each.hash is HashAlgorithm.SHA512


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
        usual = _said(page)
        assert "Other files, RPM packages: SHA-384" in usual
        assert "Kernel modules: SHA-256" in usual
        _choose(driver, page, Qt.Key.Key_Down, 1)
        why = "GnuPG takes no hash that is shorter than the curve of P-384."
        assert f"Other files, RPM packages: {why}" in _said(page)
        assert not page._stepper.next.isEnabled()
        assert page._stepper.next.reason.text() == "Choose another hash, or another key."
        _choose(driver, page, Qt.Key.Key_Up, 1)
        assert page._stepper.next.isEnabled()
