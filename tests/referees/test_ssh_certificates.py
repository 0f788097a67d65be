"""SSH certificates against ssh-keygen: made by us and by it, and judged alike by both."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from signstation.errors import CertificateMismatch, KeyUnusable
from signstation.formats.blob import FORMAT
from signstation.keystores.ssh import KEYSTORE
from signstation.model.checks import OpinionOutcome, SignatureState, Verdict, Verified
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyRef, SignatureType, SignerProfile, Slot
from signstation.model.trust import Origin, SshRevocations, Trust
from signstation.system.programs import Programs
from signstation.trust.ssh import prepare_krl, prepare_ssh
from signstation.verification.verdict import verdict
from tests.support import ssh
from tests.support.blobs import CONTENT, made, options, sign_blob, states, verify
from tests.support.blobs import artifact as opened
from tests.support.blobs import time as now
from tests.support.contract_keystores import ScriptedKeyContext
from tests.support.tools import tool_context

ME = "me@example.org"
ALWAYS = ("-V", "20200101:20990101")
CA, OTHER = ssh.public_line("p256"), ssh.public_line("p384")
TRUSTED = f"*@example.org cert-authority {CA}"
GOOD, BUT, UNKNOWN = (
    SignatureState.GOOD_TRUSTED,
    SignatureState.GOOD_BUT_KEY,
    SignatureState.GOOD_UNKNOWN_KEY,
)


def _run(*arguments: str | Path) -> None:
    subprocess.run(["ssh-keygen", "-q", *map(str, arguments)], capture_output=True, check=True)


def _private(path: Path, family: str) -> Path:
    path.touch(0o600)
    path.write_bytes(ssh.private_file(family))
    path.with_name(path.name + ".pub").write_text(ssh.public_line(family) + "\n")
    return path


def _certified(directory: Path, family: str, *arguments: str) -> Path:
    """Make a key with a certificate by the P-256 authority; return the certificate's file."""
    key, authority = _private(directory / "id", family), _private(directory / "ca", "p256")
    _run("-s", authority, "-I", "my id", *arguments, f"{key}.pub")
    return key.with_name("id-cert.pub")


def _profile(directory: Path, certificate: Path) -> SignerProfile:
    ctx = ScriptedKeyContext(now(), directory / "state", None, Programs(directory))
    return KEYSTORE.profile(KEYSTORE.resolve(str(certificate), ctx), (), ctx)


def _signed(directory: Path, certificate: Path) -> bytes:
    """Let ssh-keygen sign CONTENT with the certificate."""
    file = directory / "f"
    file.write_bytes(CONTENT)
    _run("-Y", "sign", "-n", "file", "-f", certificate, file)
    return (directory / "f.sig").read_bytes()


def _krl(directory: Path, specification: str) -> bytes:
    (directory / "specification").write_text(specification)
    target = directory / "krl"
    _run("-k", "-f", target, "-s", directory / "ca.pub", directory / "specification")
    return target.read_bytes()


def _judged(directory: Path, signature: bytes, trust: Trust) -> tuple[Verified, OpinionOutcome]:
    found = verify(directory, [signature], trust)
    with (
        opened(directory / "f", CONTENT) as file,
        opened(directory / "s", signature) as sibling,
        tool_context(now() + 60) as ctx,
    ):
        (opinion,) = FORMAT.referee(file, (sibling,), trust, ctx)
    return found, opinion.outcome


@pytest.mark.parametrize("family", ssh.FAMILIES)
def test_a_signature_with_a_certificate_is_accepted_in_both_directions(
    tmp_path: Path, family: str
) -> None:
    certificate = _certified(tmp_path, family, "-n", f"{ME},other", "-z", "7", *ALWAYS)
    profile = _profile(tmp_path, certificate)
    assert profile.label == f"{ME}, other (id)"
    # the test's key answers by the name of its family
    signer = replace(profile, label=family)
    slot = Slot(signer, SignatureType.SSHSIG, profile.schemes[0], HashAlgorithm.SHA512)
    (ours,) = made(tmp_path, (slot,), options())
    theirs = _signed(tmp_path, certificate)
    if profile.schemes[0].repeatable:
        assert ours.content == theirs
    trust = Trust(ssh=prepare_ssh(TRUSTED.encode(), Origin("test")))
    for signature in (ours.content, theirs):
        found, outcome = _judged(tmp_path, signature, trust)
        assert states(found) == [GOOD]
        assert verdict(found.checks) is Verdict.TRUSTED
        assert found.signatures[0].signer == ME
        assert outcome is OpinionOutcome.ACCEPTS


@dataclass(frozen=True)
class Case:
    """One certificate, one trusted line, perhaps a list of revoked ones, and what both say."""

    certificate: tuple[str, ...] = ("-n", ME, *ALWAYS)
    line: str = TRUSTED
    revoked: str = ""
    state: SignatureState = BUT
    reason: str = ""


CASES = {
    "another principal": Case(("-n", "other", *ALWAYS), reason="is for other"),
    "a principal that the line forbids": Case(
        line=f"!me@*,*@example.org cert-authority {CA}", reason="trusted for !me@*"
    ),
    "expired": Case(("-n", ME, "-V", "20200101:20200102"), reason="valid until 2020-01-02"),
    "not yet": Case(("-n", ME, "-V", "20980101:20990101"), reason="not valid before 2098"),
    "of a host": Case(("-h", "-n", ME, *ALWAYS), reason="not one of a user"),
    "for nobody": Case(ALWAYS, reason="names nobody"),
    "another namespace": Case(
        line=f'{ME} cert-authority,namespaces="git" {CA}', reason="namespace file"
    ),
    "a line that ended": Case(
        line=f'{ME} cert-authority,valid-before="20200101Z" {CA}', reason="trusted until"
    ),
    "a line that begins later": Case(
        line=f'{ME} cert-authority,valid-after="20980101Z" {CA}', reason="not trusted before"
    ),
    "another authority": Case(
        line=f"{ME} cert-authority {OTHER}", state=UNKNOWN, reason="authority of its certificate"
    ),
    "the authority as a signer": Case(line=f"{ME} {CA}", state=UNKNOWN, reason="authority"),
    "the plain key as a signer": Case(
        line=f"{ME} {ssh.public_line('ed25519')}", state=UNKNOWN, reason="authority"
    ),
    "revoked by number": Case(
        ("-n", ME, "-z", "7", *ALWAYS), revoked="serial: 7\n", reason="certificate was revoked"
    ),
    "revoked by a range": Case(
        ("-n", ME, "-z", "70", *ALWAYS), revoked="serial: 1-1000\n", reason="certificate was"
    ),
    "revoked among many": Case(
        ("-n", ME, "-z", "9", *ALWAYS),
        revoked="".join(f"serial: {each}\n" for each in (1, 3, 5, 7, 9, 11, 13)),
        reason="certificate was revoked",
    ),
    "revoked by id": Case(revoked="id: my id\n", reason="certificate was revoked"),
    "its key revoked": Case(
        revoked=f"{ssh.public_line('ed25519')}\n", reason="Its key was revoked"
    ),
    "its authority revoked": Case(revoked=f"{CA}\n", reason="The authority of its certificate was"),
    "another number revoked": Case(
        ("-n", ME, "-z", "8", *ALWAYS), revoked="serial: 7\nserial: 9-99\n", state=GOOD
    ),
    "without a number": Case(revoked="serial: 1-99\n", state=GOOD),
    "options of logins": Case(("-n", ME, "-O", "force-command=true", *ALWAYS), state=GOOD),
}


@pytest.mark.parametrize("name", CASES)
def test_both_judge_a_certificate_alike(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    certificate = _certified(tmp_path, "ed25519", *case.certificate)
    signature = _signed(tmp_path, certificate)
    lists: tuple[SshRevocations, ...] = ()
    if case.revoked:
        lists = (prepare_krl(_krl(tmp_path, case.revoked), Origin("list")),)
    trust = Trust(ssh=prepare_ssh(case.line.encode(), Origin("test")), ssh_revoked=lists)
    found, outcome = _judged(tmp_path, signature, trust)
    assert states(found) == [case.state]
    assert case.reason in found.signatures[0].reasons[0].english()
    expected = {
        GOOD: OpinionOutcome.ACCEPTS,
        BUT: OpinionOutcome.REJECTS,
        UNKNOWN: OpinionOutcome.UNKNOWN_KEY,
    }
    assert outcome is expected[case.state]


def test_a_certificate_that_the_authority_did_not_sign_is_worth_nothing(tmp_path: Path) -> None:
    """ssh-keygen refuses to read such a file; the signature itself is good."""
    certificate = _certified(tmp_path, "ed25519", "-n", ME, *ALWAYS)
    profile = _profile(tmp_path, certificate)
    assert profile.ssh is not None
    forged = profile.ssh.certificate.replace(ME.encode(), b"it@example.org")
    slot = ssh.slot("ed25519", HashAlgorithm.SHA512)
    signer = replace(slot.signer, ssh=replace(profile.ssh, certificate=forged))
    (sibling,) = made(tmp_path, (replace(slot, signer=signer),), options())
    trust = Trust(ssh=prepare_ssh(TRUSTED.encode(), Origin("test")))
    found, outcome = _judged(tmp_path, sibling.content, trust)
    assert states(found) == [BUT]
    assert "authority in its certificate is wrong" in found.signatures[0].reasons[0].english()
    assert outcome is not OpinionOutcome.ACCEPTS


def test_a_certificate_nobody_would_trust_or_of_another_key_is_refused_when_planned(
    tmp_path: Path,
) -> None:
    expired = _certified(tmp_path, "ed25519", "-n", ME, "-V", "20200101:20200102")
    with pytest.raises(KeyUnusable, match="valid until 2020"):
        _profile(tmp_path, expired)
    content = _certified(tmp_path, "ed25519", "-n", ME, *ALWAYS).read_bytes()
    ctx = ScriptedKeyContext(now(), tmp_path / "state", None, Programs(tmp_path))
    plain = KeyRef("ssh", str(tmp_path / "id"))
    assert KEYSTORE.profile(plain, (), ctx).ssh is None
    assert KEYSTORE.profile(plain, (content,), ctx).ssh is not None
    _private(tmp_path / "id", "p521")
    with pytest.raises(CertificateMismatch):
        KEYSTORE.profile(plain, (content,), ctx)
    with pytest.raises(CertificateMismatch):
        _profile(tmp_path, tmp_path / "id-cert.pub")


def test_with_a_certificate_the_key_beside_it_signs(tmp_path: Path) -> None:
    certificate = _certified(tmp_path, "p384", "-n", ME, *ALWAYS)
    profile = _profile(tmp_path, certificate)
    ctx = ScriptedKeyContext(now(), tmp_path / "state", None, Programs(tmp_path))
    slot = Slot(profile, SignatureType.SSHSIG, profile.schemes[0], HashAlgorithm.SHA512)
    with KEYSTORE.open(profile, 1, ctx) as key:

        def answer(_: Slot, ask: object) -> bytes:
            (found,) = key.sign((ask,))  # type: ignore[arg-type]
            assert isinstance(found, bytes)
            return found

        with opened(tmp_path / "content", CONTENT) as file:
            (sibling,) = sign_blob(file, (slot,), options(), now(), answer)
    trust = Trust(ssh=prepare_ssh(TRUSTED.encode(), Origin("test")))
    found, outcome = _judged(tmp_path, sibling.content, trust)
    assert (states(found), outcome) == ([GOOD], OpinionOutcome.ACCEPTS)
