"""SSH signatures against ssh-keygen, in both directions, and a real ssh-agent."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from signstation.codec.sshkeys import fingerprint, key_blob
from signstation.errors import AgentMissing, KeyNotFound, KeyUnusable, SchemeUnsupported
from signstation.formats.blob import FORMAT
from signstation.keystores.ssh import KEYSTORE
from signstation.model.asks import Literal, Part, ToSign
from signstation.model.checks import OpinionOutcome, SignatureState, Verdict
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyRef, Protection
from signstation.model.trust import Origin, Trust
from signstation.signatures.sshsig_number import check_ssh_number
from signstation.system.programs import Programs
from signstation.trust.ssh import prepare_krl, prepare_ssh
from signstation.verification.verdict import verdict
from tests.support import ssh
from tests.support.blobs import CONTENT, made, options, states, verify
from tests.support.blobs import artifact as opened
from tests.support.contract_keystores import ScriptedKeyContext
from tests.support.tools import tool_context

ME = "me@example.org"


def ssh_keygen(*arguments: str, stdin: bytes = b"") -> str:
    """Run ssh-keygen and return its words."""
    done = subprocess.run(["ssh-keygen", *arguments], input=stdin, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode()


@pytest.fixture
def socket() -> Iterator[Path]:
    """A running agent."""
    with tempfile.TemporaryDirectory(prefix="ssh-") as directory, ssh.agent(Path(directory)) as one:
        yield one


def _verified(directory: Path, signature: bytes, content: bytes, family: str) -> str:
    file, allowed = directory / "f.sshsig", directory / "allowed"
    file.write_bytes(signature)
    allowed.write_text(f"{ME} {ssh.public_line(family)}\n")
    arguments = ("-Y", "verify", "-f", str(allowed), "-I", ME, "-n", "file", "-s", str(file))
    return ssh_keygen(*arguments, stdin=content)


@pytest.mark.parametrize("hashed", [HashAlgorithm.SHA256, HashAlgorithm.SHA512])
@pytest.mark.parametrize("family", ssh.FAMILIES)
def test_ssh_keygen_accepts_ours_and_refuses_a_changed_file(
    tmp_path: Path, family: str, hashed: HashAlgorithm
) -> None:
    slots = (ssh.slot(family, hashed),)
    (sibling,) = made(tmp_path, slots, options())
    assert sibling.suffix == ".sshsig"
    assert _verified(tmp_path, sibling.content, CONTENT, family).startswith('Good "file" signature')
    changed = b"X" + CONTENT[1:]
    assert "incorrect signature" in _verified(tmp_path, sibling.content, changed, family)


@pytest.mark.parametrize("family", ssh.FAMILIES)
def test_we_accept_what_ssh_keygen_signs_and_refuse_a_changed_file(
    tmp_path: Path, family: str
) -> None:
    key, file = tmp_path / "key", tmp_path / "f"
    key.touch(0o600)
    key.write_bytes(ssh.private_file(family))
    file.write_bytes(CONTENT)
    ssh_keygen("-Y", "sign", "-n", "file", "-f", str(key), str(file))
    signature = (tmp_path / "f.sig").read_bytes()
    good = verify(tmp_path, [signature], ssh.trust(family))
    assert states(good) == [SignatureState.GOOD_TRUSTED]
    assert verdict(good.checks) is Verdict.TRUSTED
    bad = verify(tmp_path, [signature], ssh.trust(family), CONTENT + b"x")
    assert verdict(bad.checks) is Verdict.TAMPERED


@pytest.mark.parametrize("family", ["ed25519", "rsa2048"])
def test_signatures_that_repeat_are_those_of_ssh_keygen(tmp_path: Path, family: str) -> None:
    key, file = tmp_path / "key", tmp_path / "f"
    key.touch(0o600)
    key.write_bytes(ssh.private_file(family))
    file.write_bytes(CONTENT)
    ssh_keygen("-Y", "sign", "-n", "file", "-f", str(key), str(file))
    (ours,) = made(tmp_path, (ssh.slot(family, HashAlgorithm.SHA512),), options())
    assert ours.content == (tmp_path / "f.sig").read_bytes()


@pytest.mark.parametrize(
    ("content", "trusted", "expected"),
    [
        (CONTENT, ssh.trust("ed25519"), OpinionOutcome.ACCEPTS),
        (CONTENT + b"x", ssh.trust("ed25519"), OpinionOutcome.REJECTS),
        (CONTENT, Trust(), OpinionOutcome.UNKNOWN_KEY),
    ],
)
def test_the_second_opinion_is_ssh_keygens(
    tmp_path: Path, content: bytes, trusted: Trust, expected: OpinionOutcome
) -> None:
    (sibling,) = made(tmp_path, (ssh.slot(),), options())
    with (
        opened(tmp_path / "f", content) as file,
        opened(tmp_path / "s", sibling.content) as signature,
        tool_context(1_700_000_000) as ctx,
    ):
        (opinion,) = FORMAT.referee(file, (signature,), trusted, ctx)
    assert opinion.tool == "ssh-keygen"
    assert opinion.outcome is expected, opinion.says


@pytest.mark.parametrize("family", ssh.FAMILIES)
def test_an_agent_signs_messages_and_tells_what_it_cannot(
    tmp_path: Path, socket: Path, family: str
) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_bytes(ssh.private_file(family))
    ssh.add(socket, key)
    ctx = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path), ssh_agent=socket)
    public = ssh.private(family).public_key()
    name = fingerprint(key_blob(public))
    (listed,) = KEYSTORE.list_keys(ctx)
    named = KeyRef("ssh", f"{name}@{socket}")
    assert listed.key == named == KEYSTORE.resolve(name, ctx)
    elsewhere = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path))
    with pytest.raises(AgentMissing, match="SSH_AUTH_SOCK"):
        KEYSTORE.resolve(name, elsewhere)
    for ref in (named, KEYSTORE.resolve(f"{name}@{socket}", elsewhere)):
        profile = KEYSTORE.profile(ref, (), ctx)
        assert profile.protection is Protection.SOFTWARE
        assert profile.message_schemes == profile.schemes
        asks = [
            ToSign(0, each, Part.FILE, (Literal(b"m"),), message=b"m") for each in profile.schemes
        ]
        digest = ToSign(0, profile.schemes[0], Part.FILE, (Literal(b"m"),), digest=b"m" * 32)
        with KEYSTORE.open(profile, 2, ctx) as opened_key:
            *answers, refused = opened_key.sign([*asks, digest])
        for ask, answer in zip(asks, answers, strict=True):
            assert isinstance(answer, bytes), answer
            check_ssh_number(public, ask.scheme, answer, b"m")
        assert isinstance(refused, SchemeUnsupported)


def test_a_key_that_the_agent_has_not_and_an_agent_that_is_not_there(
    tmp_path: Path, socket: Path
) -> None:
    ctx = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path))
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_bytes(ssh.private_file("p256"))
    with pytest.raises(AgentMissing, match="empty, or locked"):
        KEYSTORE.resolve(f"SHA256:{'A' * 43}@{socket}", ctx)
    ssh.add(socket, key)
    with pytest.raises(KeyNotFound):
        KEYSTORE.resolve(f"SHA256:{'A' * 43}@{socket}", ctx)
    with pytest.raises(AgentMissing):
        KEYSTORE.resolve(f"SHA256:{'A' * 43}@{tmp_path / 'nowhere'}", ctx)


@pytest.mark.parametrize(
    ("namespaces", "state", "outcome"),
    [
        ((), SignatureState.GOOD_BUT_KEY, OpinionOutcome.REJECTS),
        (("git",), SignatureState.GOOD_TRUSTED, OpinionOutcome.ACCEPTS),
        (("file",), SignatureState.GOOD_BUT_KEY, OpinionOutcome.REJECTS),
    ],
)
def test_both_agree_about_another_namespace(
    tmp_path: Path,
    namespaces: tuple[str, ...],
    state: SignatureState,
    outcome: OpinionOutcome,
) -> None:
    (sibling,) = made(tmp_path, (ssh.slot(),), options(namespace="git"))
    option = f'namespaces="{",".join(namespaces)}" ' if namespaces else ""
    line = f"{ME} {option}{ssh.public_line('ed25519')}"
    trusted = Trust(ssh=prepare_ssh(line.encode(), Origin("test")))
    assert states(verify(tmp_path, [sibling.content], trusted)) == [state]
    with (
        opened(tmp_path / "f", CONTENT) as file,
        opened(tmp_path / "s", sibling.content) as signature,
        tool_context(1_700_000_000) as ctx,
    ):
        (opinion,) = FORMAT.referee(file, (signature,), trusted, ctx)
    assert opinion.outcome is outcome, opinion.says
    assert opinion.version


def test_dates_are_those_of_ssh_keygen(tmp_path: Path) -> None:
    (sibling,) = made(tmp_path, (ssh.slot(),), options())
    line = f'{ME} valid-before="20200101Z" {ssh.public_line("ed25519")}'
    trusted = Trust(ssh=prepare_ssh(line.encode(), Origin("test")))
    (found,) = states(verify(tmp_path, [sibling.content], trusted))
    assert found is SignatureState.GOOD_BUT_KEY
    for at, outcome in (
        (1_577_836_700, OpinionOutcome.ACCEPTS),
        (1_577_836_900, OpinionOutcome.REJECTS),
    ):
        with (
            opened(tmp_path / "f", CONTENT) as file,
            opened(tmp_path / "s", sibling.content) as signature,
            tool_context(at) as ctx,
        ):
            (opinion,) = FORMAT.referee(file, (signature,), trusted, ctx)
        assert opinion.outcome is outcome, opinion.says


@pytest.mark.parametrize("form", ["key", "sha1", "sha256"])
def test_a_revoked_key_is_refused_by_both(tmp_path: Path, form: str) -> None:
    (sibling,) = made(tmp_path, (ssh.slot(),), options())
    public, krl = tmp_path / "key.pub", tmp_path / "krl"
    line = ssh.public_line("ed25519")
    name = fingerprint(key_blob(ssh.private("ed25519").public_key()))
    public.write_text(
        {"key": f"{line}\n", "sha1": f"sha1: {line}\n", "sha256": f"hash: {name}\n"}[form]
    )
    ssh_keygen("-k", "-f", str(krl), "-z", "7", str(public))
    revoked = prepare_krl(krl.read_bytes(), Origin("list"))
    for chosen, state, outcome in (
        ((), SignatureState.GOOD_TRUSTED, OpinionOutcome.ACCEPTS),
        ((revoked,), SignatureState.GOOD_BUT_KEY, OpinionOutcome.REJECTS),
    ):
        line = f"{ME} {ssh.public_line('ed25519')}"
        trusted = Trust(ssh=prepare_ssh(line.encode(), Origin("test")), ssh_revoked=chosen)
        assert states(verify(tmp_path, [sibling.content], trusted)) == [state]
        with (
            opened(tmp_path / "f", CONTENT) as file,
            opened(tmp_path / "s", sibling.content) as signature,
            tool_context(1_700_000_000) as ctx,
        ):
            (opinion,) = FORMAT.referee(file, (signature,), trusted, ctx)
        assert opinion.outcome is outcome, opinion.says


def test_a_list_that_revokes_others_or_certificates_changes_nothing(tmp_path: Path) -> None:
    public, krl = tmp_path / "key.pub", tmp_path / "krl"
    public.write_text(f"{ssh.public_line('p256')}\n")
    ssh_keygen("-k", "-f", str(krl), str(public))
    (sibling,) = made(tmp_path, (ssh.slot(),), options())
    revoked = (prepare_krl(krl.read_bytes(), Origin("list")),)
    trusted = Trust(ssh=ssh.trust("ed25519").ssh, ssh_revoked=revoked)
    assert states(verify(tmp_path, [sibling.content], trusted)) == [SignatureState.GOOD_TRUSTED]


def test_a_weak_key_of_an_agent_is_listed_and_refused_with_the_reason(
    tmp_path: Path, socket: Path
) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_bytes(ssh.private_file("rsa1024"))
    ssh.add(socket, key)
    ctx = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path), ssh_agent=socket)
    (listed,) = KEYSTORE.list_keys(ctx)
    assert listed.signature_types == ()
    with pytest.raises(KeyUnusable, match="too weak"):
        KEYSTORE.profile(listed.key, (), ctx)
