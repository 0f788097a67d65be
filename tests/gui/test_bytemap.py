"""The byte map: of the file, or of what a compressed file holds."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from signstation.gui.bytemap import ByteMap
from signstation.gui.theme import Theme
from signstation.model.asks import Compression, Unpacked
from tests.support.windowverdicts import module_good


def test_of_a_compressed_file_the_inside_is_mapped_and_said_to_be(
    qtbot: QtBot, theme: Theme
) -> None:
    plain = module_good()
    inside = Unpacked(Compression.XZ, 0, 60_610, 61_200)
    packed = replace(
        plain, size=20_000, signatures=(replace(plain.signatures[0], covers=(inside,)),)
    )
    parent = QWidget()
    qtbot.addWidget(parent)
    told = ByteMap(theme, packed, parent).accessibleDescription()
    assert told.startswith("The file is compressed with xz. These are the 61.2 kB inside.")
    assert "Bytes 0 to 60\N{NO-BREAK SPACE}610 (60.6 kB): covered by signature" in told
    assert "61\N{NO-BREAK SPACE}200" in told
    assert "compressed" not in ByteMap(theme, plain, parent).accessibleDescription()
