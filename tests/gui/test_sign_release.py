"""A release as one unit in the window: what does not fit blocks, what is covered is not signed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from signstation.gui.pages import PageName
from signstation.gui.release import ReleaseView
from signstation.gui.sign import SignPage
from signstation.gui.sign_flow import SignFlow
from signstation.gui.stepper import Stepper
from signstation.model.artifacts import Finding, Severity
from signstation.model.keys import KeyState, SignatureType
from signstation.model.releases import PRIVATE_KEY, CoveredFile, ReleaseFinding, Survey
from signstation.model.station import Inspected
from signstation.model.text import Text
from tests.support import windowdata
from tests.support.windowdriver import RELEASE, Driver
from tests.support.windowscenes import every_text, release_survey


def look(driver: Driver, survey: Survey) -> SignPage:
    """Drop the release and come to the step Inspect."""
    driver.station.release.survey = survey
    page = driver.page(PageName.SIGN, SignPage)
    page.take(RELEASE)
    driver.settle()
    return page


def words(page: SignPage) -> str:
    """Every text of the view of the release."""
    (view,) = page.findChildren(ReleaseView)
    return "\n".join(every_text(view))


def test_what_does_not_fit_is_told_and_blocks(driver: Driver) -> None:
    page = look(driver, release_survey())
    (view,) = page.findChildren(ReleaseView)
    assert view.isVisible(), "it comes to the front"
    (stepper,) = page.findChildren(Stepper)
    assert not stepper.next.isEnabled()
    assert "does not fit together" in stepper.next.reason.text()
    said = words(page)
    assert "reprepro --basedir" in said
    assert "4 packages are covered by Release" in said


def test_a_private_key_blocks(driver: Driver) -> None:
    found = Finding(PRIVATE_KEY, Severity.BLOCKER, Text("A private key lies in the release."))
    page = look(driver, Survey(findings=(ReleaseFinding(found, windowdata.RELEASE / "key.pem"),)))
    (stepper,) = page.findChildren(Stepper)
    assert "A private key lies in the release" in stepper.next.reason.text()


def test_a_release_that_fits_says_so_and_goes_on(driver: Driver) -> None:
    page = look(driver, Survey())
    (stepper,) = page.findChildren(Stepper)
    assert stepper.next.isEnabled()
    page._look.tabs.setCurrentIndex(2)
    assert "Everything fits together." in words(page)


def flow() -> SignFlow:
    """A release with a module, a package that is covered, metadata and a list."""
    made = SignFlow()
    made.begin((Path("/srv/r"),))
    (_, some), *_ = windowdata.inspections()
    for name, kind in (
        ("SHA256SUMS", "checksums"),
        ("dists/a/Release", "aptrepo"),
        ("pool/a.deb", "deb"),
        ("m.ko", "kmod"),
    ):
        inspection = replace(some, format=kind)
        made.add(Inspected(Path("/srv/r") / name, inspection=inspection))
    return made


def test_orders_leave_out_what_is_covered_and_come_in_the_order_of_signing() -> None:
    made = flow()
    assert made.kinds() == ("aptrepo", "checksums", "deb", "kmod")
    deb, release = Path("/srv/r/pool/a.deb"), Path("/srv/r/dists/a/Release")
    made.surveyed(Survey(covered=(CoveredFile(deb, release),), left=(deb,)))
    assert made.kinds() == ("aptrepo", "checksums", "kmod")
    every = tuple(SignatureType)
    key = replace(windowdata.key_list()[0], state=KeyState.ACTIVE, signature_types=every, usages=())
    made.learn_keys((key,))
    orders = made.orders()
    assert [each.format for each in orders] == ["kmod", "aptrepo", "checksums"]
    module = Path("/srv/r/m.ko")
    assert [each.changing for each in orders] == [(), (module,), (module,)]
