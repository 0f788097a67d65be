"""Plain files against gpg, gpgv and openssl: both ways, tampered, and in every state of a key."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from signstation.formats.blob import FORMAT
from signstation.model.asks import ToSign
from signstation.model.checks import Opinion, OpinionOutcome, SignatureState, Verdict, Verified
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Slot
from signstation.model.options import resolve
from signstation.model.outputs import Sibling
from signstation.model.trust import Origin, Trust
from signstation.system.artifact import FileArtifact
from signstation.trust.openpgp import prepare_openpgp
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.realtools.tree import RefereeTree
from tests.support import x509
from tests.support.blobs import OWNER, artifact, sign_blob
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.openpgp import secret_keys, slot_for
from tests.support.referees import run
from tests.support.tools import tool_context

BIRTH = 1_690_000_000  # long ago: Sequoia and gpgv go by the clock of the machine
DAY = 86400
SIGNED = BIRTH + 10 * DAY
NOW = BIRTH + 100 * DAY
CONTENT = bytes(range(256)) * 400 + b"\r\n \n"
OPENSSL = "/usr/bin/openssl"


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


class Signer:
    """A key of a home as a slot, with its private half to answer with."""

    def __init__(
        self, home: GnupgHome, key: TestKey, hashed: HashAlgorithm = HashAlgorithm.SHA256
    ) -> None:
        self.soft = secret_keys(home.export_secret(key.primary))[key.signing]
        certificate = home.export(key.primary)
        self.slot = slot_for(self.soft, primary=key.primary, certificate=certificate, hashed=hashed)

    def answer(self, _slot: Slot, ask: ToSign) -> bytes:
        """Answer as the key store would."""
        return self.soft.answer(ask)


def cms_answer(_slot: Slot, ask: ToSign) -> bytes:
    return x509.answer(OWNER, ask)


def sign(
    directory: Path,
    slots: tuple[Slot, ...],
    answers: Callable[[Slot, ToSign], bytes],
    content: bytes = CONTENT,
    **options: str,
) -> tuple[Sibling, ...]:
    with artifact(directory / "content", content) as found:
        return sign_blob(found, slots, resolve(FORMAT.options, options), SIGNED, answers)


def prepared(home: GnupgHome) -> Trust:
    with tool_context(NOW) as ctx:
        return Trust(openpgp=prepare_openpgp(home.export(), Origin("a test"), ctx))


def both(
    directory: Path, files: Sequence[bytes], trust: Trust, content: bytes = CONTENT, at: int = NOW
) -> tuple[Verified, tuple[Opinion, ...]]:
    """Verify, and ask the real tools."""
    with ExitStack() as opened:
        signatures = tuple(
            opened.enter_context(artifact(directory / f"{number}", each))
            for number, each in enumerate(files)
        )
        signed = opened.enter_context(artifact(directory / "content", content))
        ctx = opened.enter_context(tool_context(at))
        verified = FORMAT.verify(signed, signatures, trust, StepContext(time=at))
        return verified, FORMAT.referee(signed, signatures, trust, ctx)


def outcome(opinions: tuple[Opinion, ...]) -> OpinionOutcome:
    (opinion,) = opinions
    assert opinion.version
    assert opinion.command
    return opinion.outcome


# --- OpenPGP ----------------------------------------------------------------------------------


@pytest.mark.parametrize("armored", ["yes", "no"])
@pytest.mark.parametrize("algorithm", ["ed25519", "rsa2048", "nistp256"])
def test_ours_is_accepted_and_theirs_too(
    home: GnupgHome, tmp_path: Path, algorithm: str, armored: str
) -> None:
    key = home.generate(algorithm, time=BIRTH, subkey=True)
    signer, trust = Signer(home, key), prepared(home)
    (ours,) = sign(tmp_path, (signer.slot,), signer.answer, armor=armored)
    theirs = home.sign(CONTENT, key, time=SIGNED, armor=armored == "yes")
    for file in (ours.content, theirs):
        verified, opinions = both(tmp_path, [file], trust)
        assert verdict(verified.checks) is Verdict.TRUSTED
        assert outcome(opinions) is OpinionOutcome.ACCEPTS, opinions
        changed = CONTENT[:5000] + b"!" + CONTENT[5001:]
        verified, opinions = both(tmp_path, [file], trust, changed)
        assert verdict(verified.checks) is Verdict.TAMPERED
        assert outcome(opinions) is OpinionOutcome.REJECTS, opinions


def test_the_command_that_is_shown_makes_the_same_file(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("rsa2048", time=BIRTH)
    signer = Signer(home, key, HashAlgorithm.SHA512)
    (ours,) = sign(tmp_path, (signer.slot,), signer.answer)
    (command,) = FORMAT.commands((signer.slot,), resolve(FORMAT.options, {}))
    arguments = [str(tmp_path / "content") if each == "FILE" else each for each in command[1:]]
    home.gpg(*arguments, time=SIGNED)
    assert (tmp_path / "content.asc").read_bytes() == ours.content


def test_two_signers_one_unknown(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("ed25519", time=BIRTH)
    with GnupgHome() as other:
        stranger = other.sign(CONTENT, other.generate("rsa2048", time=BIRTH), time=SIGNED)
    trust = prepared(home)
    verified, opinions = both(tmp_path, [stranger + home.sign(CONTENT, key, time=SIGNED)], trust)
    states = [each.state for each in verified.signatures]
    assert states == [SignatureState.UNKNOWN_KEY, SignatureState.GOOD_TRUSTED]
    assert verdict(verified.checks) is Verdict.TRUSTED
    assert outcome(opinions) is OpinionOutcome.ACCEPTS
    verified, opinions = both(tmp_path, [stranger], trust)
    assert verdict(verified.checks) is Verdict.UNTRUSTED
    assert outcome(opinions) is OpinionOutcome.UNKNOWN_KEY


def test_with_nobody_trusted(home: GnupgHome, tmp_path: Path) -> None:
    signature = home.sign(CONTENT, home.generate("ed25519", time=BIRTH), time=SIGNED)
    verified, opinions = both(tmp_path, [signature], Trust())
    assert verdict(verified.checks) is Verdict.UNTRUSTED
    assert outcome(opinions) is OpinionOutcome.UNKNOWN_KEY


def test_a_revoked_key_is_refused_by_both(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("ed25519", time=BIRTH, subkey=True)
    signature = home.sign(CONTENT, key, time=SIGNED)
    home.revoke_subkey(key, 1, time=SIGNED + DAY)
    verified, opinions = both(tmp_path, [signature], prepared(home))
    assert verdict(verified.checks) is Verdict.UNTRUSTED
    assert outcome(opinions) is OpinionOutcome.REJECTS


def test_where_gpgv_is_known_to_see_it_otherwise(home: GnupgHome, tmp_path: Path) -> None:
    """It looks at the key as of today (expired since), and takes SHA-1."""
    key = home.generate("rsa2048", time=BIRTH, subkey=True)
    signature = home.sign(CONTENT, key, time=SIGNED)
    weak = home.sign(CONTENT, key, time=SIGNED, hash_name="SHA1")
    verified, opinions = both(tmp_path, [weak], prepared(home))
    assert verdict(verified.checks) is Verdict.UNTRUSTED
    assert outcome(opinions) is OpinionOutcome.ACCEPTS
    home.set_expiry(key, f"seconds={50 * DAY}", time=BIRTH + 1, subkeys=True)
    verified, opinions = both(tmp_path, [signature], prepared(home))
    assert verdict(verified.checks) is Verdict.TRUSTED
    assert outcome(opinions) is OpinionOutcome.REJECTS
    assert opinions[0].note is not None


def test_a_signature_of_gpg_without_armor_checksum(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("ed25519", time=BIRTH)
    lines = home.sign(CONTENT, key, time=SIGNED, armor=True).splitlines()
    without = b"\n".join(each for each in lines if len(each) != 5 or not each.startswith(b"="))
    verified, opinions = both(tmp_path, [without], prepared(home))
    assert verdict(verified.checks) is Verdict.TRUSTED
    assert outcome(opinions) is OpinionOutcome.ACCEPTS


def test_newer_gpgv(home: GnupgHome, tmp_path: Path, referees: RefereeTree) -> None:
    key = home.generate("ed25519", time=BIRTH, subkey=True)
    signer, trust = Signer(home, key), prepared(home)
    (ours,) = sign(tmp_path, (signer.slot,), signer.answer)
    for suite in referees.suites:
        instead = {"gpgv": referees.program("gpgv", suite)}
        with (
            artifact(tmp_path / "s", ours.content) as signature,
            artifact(tmp_path / "content", CONTENT) as signed,
            tool_context(NOW, instead, referees.environment(suite)) as ctx,
        ):
            assert outcome(FORMAT.referee(signed, (signature,), trust, ctx)) is (
                OpinionOutcome.ACCEPTS
            )


def test_a_missing_tool_is_an_opinion_too(home: GnupgHome, tmp_path: Path) -> None:
    signature = home.sign(CONTENT, home.generate("ed25519", time=BIRTH), time=SIGNED)
    with (
        artifact(tmp_path / "s", signature) as file,
        artifact(tmp_path / "content", CONTENT) as signed,
        tool_context(NOW, absent=("gpgv",)) as ctx,
    ):
        (opinion,) = FORMAT.referee(signed, (file,), prepared(home), ctx)
    assert opinion.outcome is OpinionOutcome.MISSING


# --- CMS --------------------------------------------------------------------------------------


def test_ours_is_accepted_by_openssl(tmp_path: Path, referees: RefereeTree) -> None:
    (file,) = sign(tmp_path, (x509.slot(OWNER),), cms_answer)
    verified, opinions = both(tmp_path, [file.content], x509.trust(OWNER))
    assert verdict(verified.checks) is Verdict.TRUSTED
    assert outcome(opinions) is OpinionOutcome.ACCEPTS, opinions
    (tmp_path / "ca.pem").write_bytes(OWNER.certificate_pem())
    (tmp_path / "s.p7s").write_bytes(file.content)
    (tmp_path / "content").write_bytes(CONTENT)
    for program in ((OPENSSL,), *(referees.program("openssl", each) for each in referees.suites)):
        said = run(program, [*openssl_verify(tmp_path), "-attime", str(NOW)])
        assert "erification successful" in said.stderr, said.stderr


def openssl_verify(directory: Path) -> list[str]:
    return [
        *("cms", "-verify", "-binary", "-inform", "DER", "-in", str(directory / "s.p7s")),
        *("-content", str(directory / "content"), "-out", "/dev/null", "-purpose", "any"),
        *("-CAfile", str(directory / "ca.pem"), "-partial_chain"),
    ]


def openssl_sign(directory: Path, *options: str) -> bytes:
    (directory / "key.pem").write_bytes(OWNER.key_pem())
    (directory / "cert.pem").write_bytes(OWNER.certificate_pem())
    (directory / "in").write_bytes(CONTENT)
    done = subprocess.run(
        [
            *(OPENSSL, "cms", "-sign", "-binary", "-in", str(directory / "in"), *options),
            *("-signer", str(directory / "cert.pem"), "-inkey", str(directory / "key.pem")),
        ],
        capture_output=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("form", ["DER", "PEM"])
def test_what_openssl_signs_is_accepted(tmp_path: Path, form: str) -> None:
    theirs = openssl_sign(tmp_path, "-outform", form, "-md", "sha384")
    now = int(time.time()) + 60  # openssl signs at the time of the clock
    verified, opinions = both(tmp_path, [theirs], x509.trust(OWNER), at=now)
    assert verdict(verified.checks) is Verdict.TRUSTED, verified.checks
    assert outcome(opinions) is OpinionOutcome.ACCEPTS, opinions
    verified, opinions = both(tmp_path, [theirs], x509.trust(OWNER), CONTENT + b"x", at=now)
    assert verdict(verified.checks) is Verdict.TAMPERED
    assert outcome(opinions) is OpinionOutcome.REJECTS
    verified, opinions = both(tmp_path, [theirs], Trust(), at=now)
    assert verdict(verified.checks) is Verdict.UNTRUSTED
    assert outcome(opinions) is OpinionOutcome.UNKNOWN_KEY


def test_a_cms_with_content_of_its_own_says_nothing(tmp_path: Path) -> None:
    theirs = openssl_sign(tmp_path, "-outform", "DER", "-nodetach")
    verified, opinions = both(tmp_path, [theirs], x509.trust(OWNER))
    assert verdict(verified.checks) is Verdict.INDETERMINATE
    assert opinions == ()


def test_openpgp_and_cms_at_once(home: GnupgHome, tmp_path: Path) -> None:
    signer = Signer(home, home.generate("ed25519", time=BIRTH))
    slots = (signer.slot, x509.slot(OWNER))

    def answers(slot: Slot, ask: ToSign) -> bytes:
        return (signer.answer if slot is slots[0] else cms_answer)(slot, ask)

    files = [each.content for each in sign(tmp_path, slots, answers)]
    trust = Trust(prepared(home).openpgp, x509.trust(OWNER).x509)
    verified, opinions = both(tmp_path, files, trust)
    assert [each.state for each in verified.signatures] == [SignatureState.GOOD_TRUSTED] * 2
    assert [each.outcome for each in opinions] == [OpinionOutcome.ACCEPTS] * 2
    assert [each.tool for each in opinions] == ["gpgv", "openssl"]


# --- large files ------------------------------------------------------------------------------

LARGE = 300 * 1024 * 1024


def test_a_large_file_is_streamed(home: GnupgHome, tmp_path: Path) -> None:
    """Sign and verify a sparse file in a process whose own memory may grow by 64 MiB."""
    key = home.generate("ed25519", time=BIRTH, subkey=True)
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(LARGE)
    (tmp_path / "secret.gpg").write_bytes(home.export_secret(key.primary))
    (tmp_path / "public.gpg").write_bytes(home.export())
    script = textwrap.dedent(
        f"""
        import resource, sys
        from pathlib import Path
        from tests.referees.test_blob import sign_and_verify
        resource.setrlimit(resource.RLIMIT_DATA, ({LARGE // 2}, {LARGE // 2}))
        sign_and_verify(Path({str(tmp_path)!r}), {key.primary!r}, {key.signing!r})
        """
    )
    environment = {name: value for name, value in os.environ.items() if name != "RUST_BACKTRACE"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"trusted" in done.stdout
    grown = int(done.stdout.split()[-1])
    assert grown < 64 * 1024, f"{grown} KiB of private memory more"


def sign_and_verify(directory: Path, primary: str, signing: str) -> None:
    """What the process of the test above does; prints the verdict and the growth in KiB."""
    soft = secret_keys((directory / "secret.gpg").read_bytes())[signing]
    material = (directory / "public.gpg").read_bytes()
    slot = slot_for(soft, primary=primary, certificate=material)
    with tool_context(NOW) as ctx:
        trust = Trust(openpgp=prepare_openpgp(material, Origin("a test"), ctx))
    before = private_memory()
    peak = 0

    def measure(_done: int) -> None:
        nonlocal peak
        peak = max(peak, private_memory() - before)

    content = directory / "large"
    with content.open("rb") as file, ExitStack() as opened:
        found = FileArtifact(file.fileno())
        ctx2 = StepContext(time=SIGNED, progress=measure)
        generator = FORMAT.sign(found, (slot,), resolve(FORMAT.options, {}), ctx2)
        (ask,) = next(generator)
        try:
            generator.send((soft.answer(ask),))
        except StopIteration as end:
            (output,) = end.value
        signature = opened.enter_context(artifact(directory / "large.asc", output.content))
        ctx3 = StepContext(time=NOW, progress=measure)
        verified = FORMAT.verify(found, (signature,), trust, ctx3)
    measure(0)
    print(verdict(verified.checks).value, peak)  # noqa: T201 - read by the test


def private_memory() -> int:
    """RssAnon of this process in KiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0])
