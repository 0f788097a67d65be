"""Trees of reprepro: read as one release, dated and signed by us, and taken by apt."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.formats.aptrepo import FORMAT
from signstation.jobs.archives import Covered, read_archives
from signstation.jobs.candidates import Candidate, candidates
from signstation.jobs.examine import Examined
from signstation.model.keys import SignatureType
from signstation.model.options import CONTENT
from signstation.model.trust import Trust
from signstation.worker.context import StepContext
from tests.support.apt import update
from tests.support.aptrepo import Repository
from tests.support.contract_formats import FormatCase, Sample, artifacts
from tests.support.deb import build
from tests.support.engine import FORMATS, LocalCheck
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.rpm_tools import Signer

NOW = int(time.time())
DAY = 86_400
DISTRIBUTION = "Origin: Example\nSuite: stable\nCodename: stable\nComponents: main\n"


@pytest.fixture(scope="module")
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


@pytest.fixture(scope="module")
def key(home: GnupgHome) -> TestKey:
    return home.generate("ed25519", name="a <a@example.org>", time=1_690_000_000, subkey=True)


def sign(home: GnupgHome, key: TestKey, release: Path, **options: str) -> None:
    """Sign as the engine does, the recheck included; the Release file changes where it has to."""
    signer = Signer.of(home, key)
    kinds = (SignatureType.CLEARTEXT, SignatureType.OPENPGP)
    slots = tuple(replace(signer.slot, kind=kind) for kind in kinds)
    sample = Sample(
        release.read_bytes(), slots, signer.soft.answer, Trust(), NOW, {CONTENT: "copy", **options}
    )
    case = FormatCase(FORMAT, sample)
    content, siblings = case.signed()
    made = (content, *siblings)
    case.recheck(made)
    for (_, name), data in zip(FORMAT.names(str(release), slots, case.options), made, strict=True):
        Path(name).write_bytes(data)


def read(top: Path) -> Covered:
    """Read the tree as the engine does."""

    async def work() -> Covered:
        check, results = LocalCheck(), []
        for each in candidates((top,), None):
            if isinstance(each, Candidate):
                descriptor = os.open(each.path, os.O_RDONLY)
                seen = await check.inspect(descriptor, None, lambda _: None)
                os.close(descriptor)
                results.append(Examined(each, seen.format, seen.size, seen, 1))
        return await read_archives(check, FORMATS, results)

    return asyncio.run(work())


def test_a_tree_of_reprepro_covers_its_packages_and_apt_takes_it(
    home: GnupgHome, key: TestKey, tmp_path: Path
) -> None:
    top = tmp_path / "archive"
    (top / "conf").mkdir(parents=True)
    text = f"{DISTRIBUTION}Architectures: amd64\n"
    (top / "conf" / "distributions").write_text(text, encoding="utf-8")
    deb = tmp_path / "hello.deb"
    deb.write_bytes(build())
    command = ["reprepro", "--basedir", str(top), "includedeb", "stable", str(deb)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    found = read(top)
    assert [each.path.suffix for each in found.files] == [".deb"]
    assert (len(found.left), found.findings) == (1, ())
    sign(home, key, top / "dists/stable/Release", valid_for="7")
    status, says = update(top, home.export())
    assert (status, "W:" in says, "Err:" in says) == (0, False, False), says


@pytest.mark.parametrize(
    ("options", "taken"),
    [({}, False), ({"date": "now"}, False), ({"date": "now", "valid_for": "1"}, True)],
    ids=["as-it-is", "date", "date-and-end"],
)
def test_apt_takes_an_old_state_when_its_dates_are_new(
    home: GnupgHome, key: TestKey, tmp_path: Path, options: dict[str, str], *, taken: bool
) -> None:
    """And what apt refuses is what was foreseen."""
    release = Repository(date=NOW - 9 * DAY, until=NOW - 2 * DAY).write(tmp_path)
    with artifacts(release.read_bytes()) as (artifact,):
        seen = FORMAT.inspect(artifact, StepContext(time=0))
    wanted = tuple(sorted(options.items()))
    foreseen = {each.code for each in FORMAT.foresee(seen, None, wanted, NOW)}
    sign(home, key, release, **options)
    status, says = update(tmp_path, home.export())
    assert (status == 0) is taken, says
    assert ("is expired" in says) is not taken
    assert ("aptrepo.expired" in foreseen) is not taken
