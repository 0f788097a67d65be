"""A release as one unit: what is covered, what waits for what, and what is looked at once more."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.errors import ArtifactMalformed, ContentDamaged
from signstation.jobs.archives import read_archives
from signstation.jobs.candidates import Candidate, candidates
from signstation.jobs.examine import Examined, PassedOver
from signstation.jobs.release import Signed, signed_by_others, stale
from signstation.jobs.sealed import StepPlan, Target
from signstation.jobs.stages import place_of
from signstation.jobs.still import refuse_changed
from signstation.model.artifacts import ExistingSignature, Inspection, Severity
from signstation.model.keys import (
    KeyFamily,
    KeyRef,
    KeyType,
    OpenPgpProfile,
    Protection,
    SignerProfile,
)
from signstation.model.releases import ReleaseFinding
from signstation.model.text import Text
from tests.support.aptrepo import Repository
from tests.support.deb import build
from tests.support.engine import FORMATS, LocalCheck, local_station

NOW = int(time.time())
ROOT = Path("/srv/r")
SEEN = Inspection("rpm", "a", 1, bytes(32), (), (), ())


def codes(found: Sequence[ReleaseFinding]) -> dict[str, Severity]:
    """Severities by code."""
    return {each.finding.code: each.finding.severity for each in found}


# --- archives ------------------------------------------------------------------------------------


def archive(top: Path, *, stated: bytes | None = None, listed: int = 2) -> Path:
    """Write two packages, and an index that names the first ``listed`` of them and one more."""
    deb = build()
    digest = hashlib.sha256(deb).hexdigest() if stated is None else stated.hex()
    packages = ""
    (top / "pool").mkdir(parents=True)
    for number in range(2):
        path = top / "pool" / f"{number}.deb"
        path.write_bytes(deb)
        if number < listed:
            packages += f"Filename: pool/{path.name}\nSize: {len(deb)}\nSHA256: {digest}\n\n"
    index = gzip.compress(packages.encode(), mtime=0)
    return Repository(date=NOW, indexes={"main/Packages.gz": index}).write(top)


def read(top: Path) -> tuple[set[str], set[str], dict[str, Severity]]:
    """Return the names that are covered and left, and the findings."""

    async def work() -> tuple[set[str], set[str], dict[str, Severity]]:
        check = LocalCheck()
        results: list[Examined | PassedOver] = []
        for each in candidates((top,), None):
            assert isinstance(each, Candidate)
            descriptor = os.open(each.path, os.O_RDONLY)
            try:
                seen = await check.inspect(descriptor, None, lambda _: None)
                results.append(Examined(each, seen.format, seen.size, seen, 1))
            except ArtifactMalformed as error:
                results.append(PassedOver(each, error))
            finally:
                os.close(descriptor)
        found = await read_archives(check, FORMATS, results)
        covered = {each.path.name for each in found.files}
        return covered, {each.name for each in found.left}, codes(found.findings)

    return asyncio.run(work())


def test_packages_are_covered_by_their_digest(tmp_path: Path) -> None:
    archive(tmp_path)
    assert read(tmp_path) == ({"0.deb", "1.deb"}, {"0.deb", "1.deb"}, {})


def test_an_unlisted_package_is_told_and_left_out(tmp_path: Path) -> None:
    archive(tmp_path, listed=1)
    covered, left, findings = read(tmp_path)
    assert (covered, left) == ({"0.deb"}, {"0.deb", "1.deb"})
    assert findings == {"release.unlisted": Severity.WARNING}


def test_another_package_than_the_index_states_blocks(tmp_path: Path) -> None:
    archive(tmp_path, stated=bytes(32))
    covered, left, findings = read(tmp_path)
    assert (covered, len(left)) == (set(), 2)
    assert findings == {"release.stale": Severity.BLOCKER}


def test_a_damaged_package_that_an_index_states_blocks(tmp_path: Path) -> None:
    archive(tmp_path)
    path = tmp_path / "pool" / "0.deb"
    path.write_bytes(path.read_bytes() + b"x")
    assert read(tmp_path)[2] == {"release.damaged": Severity.BLOCKER}


def test_a_missing_package_is_told_and_a_lone_index_is_not(tmp_path: Path) -> None:
    archive(tmp_path)
    (tmp_path / "pool" / "0.deb").unlink()
    assert read(tmp_path)[2] == {"release.missing": Severity.WARNING}
    (tmp_path / "pool" / "1.deb").unlink()
    assert read(tmp_path) == (set(), set(), {})


def test_an_index_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    release = archive(tmp_path)
    (release.parent / "main/Packages.gz").write_bytes(gzip.compress(b"no fields\n")[:-4])
    covered, left, findings = read(tmp_path)
    assert (covered, len(left)) == (set(), 2)
    assert findings == {"release.unread": Severity.WARNING}


# --- what waits ----------------------------------------------------------------------------------


def signed(name: str, kind: str, *changed: str, members: Sequence[str] = ()) -> Signed:
    """An artifact of an order below ROOT."""
    plan = StepPlan(ROOT, name, "", kind, 1, ROOT, (Target("", name),), ROOT / "staging")
    named = frozenset(ROOT / each for each in members)
    seen = Examined(Candidate(ROOT, name, named=False), kind, 1, SEEN, 1, named)
    return Signed(seen, (), ("gpg:A",), plan, frozenset(ROOT / each for each in changed))


def test_a_list_of_what_is_signed_waits() -> None:
    module, sums = (
        signed("a.ko", "kmod", "a.ko"),
        signed("S", "checksums", "S.asc", members=["a.ko"]),
    )
    (found,) = stale([module, sums], [])
    assert (found.path, found.finding.severity) == (ROOT / "S", Severity.BLOCKER)
    assert found.remedy == ("signstation", "checksums", str(ROOT), "--key", "gpg:A", "--replace")
    assert not list(stale([sums], []))
    (found,) = stale([sums], [], [ROOT / "a.ko"])
    assert found.finding.code == "release.stale", "another order of the release changes it"


def test_metadata_of_signed_rpms_waits_only_where_it_is_beside() -> None:
    rpm = signed("el9/a.rpm", "rpm", "el9/a.rpm")
    beside = signed("el9/repodata/repomd.xml", "rpmrepo")
    other = signed("el8/repodata/repomd.xml", "rpmrepo")
    found = list(stale([rpm, beside, other], [beside.examined, other.examined]))
    assert [each.path for each in found] == [ROOT / "el9/repodata/repomd.xml"]
    assert found[0].finding.severity is Severity.BLOCKER
    (found_unsigned,) = stale([rpm], [beside.examined])
    assert found_unsigned.finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("signer", "told"),
    [("B" * 16, True), ("A" * 16, False), ("A" * 40, False), ("c" * 40, True), ("Somebody", False)],
)
def test_signatures_of_other_keys_are_told(signer: str, *, told: bool) -> None:
    profile = SignerProfile(
        KeyRef("gpg", "A" * 40), "a", KeyType(KeyFamily.ED25519), b"", Protection.SOFTWARE, (),
        openpgp=OpenPgpProfile("A" * 40, "D" * 40, 22, 1, "a", b""),
    )  # fmt: skip
    item = signed("a.rpm", "rpm")
    seen = replace(SEEN, signatures=(ExistingSignature(Text("OpenPGP"), signer, "", ""),))
    item = replace(item, examined=replace(item.examined, inspection=seen))
    found = codes(list(signed_by_others([item], [profile])))
    assert found == ({"release.other-key": Severity.WARNING} if told else {})


def test_stages() -> None:
    assert [place_of(each) for each in ("rpm", "blob", "aptrepo", "rpmrepo", "checksums")] == [
        0, 0, 1, 1, 2,
    ]  # fmt: skip


# --- right before the key is used ----------------------------------------------------------------


def test_an_index_that_changed_since_the_plan_is_refused(tmp_path: Path) -> None:
    release = archive(tmp_path / "r")
    plan = StepPlan(
        tmp_path / "r", "dists/stable/Release", "", "aptrepo", release.stat().st_size,
        tmp_path / "r", (Target(".gpg", "dists/stable/Release.gpg"),), tmp_path,
    )  # fmt: skip

    async def work() -> None:
        descriptor = os.open(release, os.O_RDONLY)
        async with local_station(tmp_path / "home") as station:
            engine = station.runner._engine
            await refuse_changed(engine, plan, descriptor)
            index = release.parent / "main/Packages.gz"
            index.write_bytes(index.read_bytes() + b"x")
            with pytest.raises(ContentDamaged) as caught:
                await refuse_changed(engine, plan, descriptor)
            assert "main/Packages.gz" in caught.value.what
            await refuse_changed(engine, replace(plan, format="rpm"), descriptor)
        os.close(descriptor)

    asyncio.run(work())
