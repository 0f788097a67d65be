"""Lists of checksums against sha256sum, sha512sum, gpg and gpgv: both ways, and tampered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from signstation.codec.checksums import ListForm, parse_list, write_list
from signstation.formats.checksums import FORMAT
from signstation.jobs.surroundings import Vicinity, look_around
from signstation.model.checks import Opinion, OpinionOutcome, Verdict, Verified
from signstation.model.hashes import HashAlgorithm
from signstation.model.trust import Origin, Trust
from signstation.system.artifact import FileArtifact
from signstation.trust.openpgp import prepare_openpgp
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support.engine import LocalHashes
from tests.support.gnupg import GnupgHome
from tests.support.referees import run
from tests.support.samples_checksums import FILES, listed
from tests.support.tools import descriptor_of, tool_context

BIRTH = 1_690_000_000
SIGNED = BIRTH + 86400
NOW = BIRTH + 100 * 86400
TOOLS = {HashAlgorithm.SHA256: "/usr/bin/sha256sum", HashAlgorithm.SHA512: "/usr/bin/sha512sum"}
FORMS = {ListForm.GNU: (), ListForm.BSD: ("--tag",)}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A directory with files of odd names."""
    root = tmp_path / "release"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


def check(root: Path, algorithm: HashAlgorithm) -> int:
    """Run ``sha256sum --check --strict`` in the directory; return its exit status."""
    command = ("/usr/bin/env", f"--chdir={root}", TOOLS[algorithm])
    return run(command, ["--check", "--strict", "--quiet", "SUMS"]).returncode


def judge(root: Path, home: GnupgHome, *signatures: str) -> tuple[Verified, tuple[Opinion, ...]]:
    """Verify SUMS with what lies around it, and ask gpgv."""
    with tool_context(NOW) as ctx:
        trust = Trust(openpgp=prepare_openpgp(home.export(), Origin("a test"), ctx))
    with ExitStack() as stack:
        opened = [
            stack.enter_context(FileArtifact(descriptor_of(root / each), owned=True))
            for each in ("SUMS", *signatures)
        ]
        artifact, *beside = opened
        where = Vicinity(root, "", frozenset({"SUMS", *signatures}))
        around = asyncio.run(look_around(where, FORMAT.members(artifact), LocalHashes()))
        context = StepContext(time=NOW, surroundings=around)
        verified = FORMAT.verify(artifact, tuple(beside), trust, context)
        ctx = stack.enter_context(tool_context(NOW))
        return verified, FORMAT.referee(artifact, tuple(beside), trust, ctx)


@pytest.mark.parametrize("form", ListForm, ids=lambda each: each.value)
@pytest.mark.parametrize("algorithm", TOOLS, ids=lambda each: each.value)
def test_lists_are_the_same_both_ways(
    release: Path, algorithm: HashAlgorithm, form: ListForm
) -> None:
    command = ("/usr/bin/env", f"--chdir={release}", TOOLS[algorithm], *FORMS[form])
    theirs = run(command, list(FILES)).stdout.encode()
    ours = write_list(listed(algorithm), form)
    assert theirs == ours
    assert [each.digest for each in parse_list(theirs)] == [
        each.digest for each in listed(algorithm)
    ]
    (release / "SUMS").write_bytes(ours)
    assert check(release, algorithm) == 0
    (release / "a\\b\nc").write_bytes(b"changed")
    assert check(release, algorithm) == 1


@pytest.mark.parametrize("how", ["beside", "clear"])
def test_a_list_signed_by_gpg(home: GnupgHome, release: Path, how: str) -> None:
    key = home.generate("ed25519", time=BIRTH, subkey=True)
    data = write_list(listed(), ListForm.GNU)
    clear = how == "clear"
    if clear:
        arguments = ("--clearsign", "--local-user", key.exact, "--output", "-")
        (release / "SUMS").write_bytes(home.gpg(*arguments, time=SIGNED, stdin=data).stdout)
    else:
        (release / "SUMS").write_bytes(data)
        (release / "SUMS.gpg").write_bytes(home.sign(data, key, time=SIGNED))
    signatures = () if clear else ("SUMS.gpg",)
    verified, (opinion,) = judge(release, home, *signatures)
    assert verdict(verified.checks) is Verdict.TRUSTED, verified.checks
    assert opinion.outcome is OpinionOutcome.ACCEPTS, opinion
    content = (release / "SUMS").read_bytes()
    (release / "SUMS").write_bytes(content.replace(b"hello-1.0", b"hello-1.1"))
    verified, (opinion,) = judge(release, home, *signatures)
    assert verdict(verified.checks) is Verdict.TAMPERED
    assert opinion.outcome is OpinionOutcome.REJECTS, opinion
    (release / "SUMS").write_bytes(content)
    (release / "hello-1.0.tar.gz").write_bytes(b"other")
    verified, (opinion,) = judge(release, home, *signatures)
    assert verdict(verified.checks) is Verdict.TAMPERED
    assert opinion.outcome is OpinionOutcome.ACCEPTS, "gpgv knows nothing of the files"
    assert check(release, HashAlgorithm.SHA256) == 1
