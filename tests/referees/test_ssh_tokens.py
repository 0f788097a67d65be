"""SSH keys in security keys: signatures as a token makes them, judged by us and by ssh-keygen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from signstation.app.trustfacts import Moment, anchors_of
from signstation.codec.sshsig import parse_sshsig, write_sshsig
from signstation.errors import ArtifactMalformed, KeyUnreadable
from signstation.formats.blob import FORMAT
from signstation.model.checks import Opinion, OpinionOutcome, SignatureState
from signstation.model.trust import Origin, Trust
from signstation.trust.ssh import prepare_krl, prepare_ssh
from tests.support import ssh
from tests.support.blobs import CONTENT, made, options, states, verify
from tests.support.blobs import artifact as opened
from tests.support.sshtoken import TOUCHED, VERIFIED, Token, tokens
from tests.support.tools import tool_context

ME = "me@example.org"
TOKENS = tokens()
ACCEPTS, REJECTS = OpinionOutcome.ACCEPTS, OpinionOutcome.REJECTS


def _trust(*lines: str, krls: tuple[bytes, ...] = ()) -> Trust:
    content = "".join(f"{ME} {each}\n" for each in lines).encode()
    lists = tuple(prepare_krl(each, Origin("list")) for each in krls)
    return Trust(ssh=prepare_ssh(content, Origin("test")), ssh_revoked=lists)


def _opinion(directory: Path, signature: bytes, trust: Trust, content: bytes) -> Opinion:
    with (
        opened(directory / "f", content) as file,
        opened(directory / "s", signature) as beside,
        tool_context(1_700_000_000) as ctx,
    ):
        (opinion,) = FORMAT.referee(file, (beside,), trust, ctx)
    return opinion


def _both(
    directory: Path, signature: bytes, trust: Trust, content: bytes = CONTENT
) -> tuple[SignatureState, OpinionOutcome]:
    (state,) = states(verify(directory, [signature], trust, content))
    return state, _opinion(directory, signature, trust, content).outcome


@pytest.mark.parametrize("family", ["ed25519", "p256"])
def test_both_accept_a_touch_and_refuse_what_was_changed(tmp_path: Path, family: str) -> None:
    """Content, flags, counter, number and application are all covered."""
    token = TOKENS[family]
    trust = _trust(token.line, ssh.public_line("ed25519"))
    good = token.signature(CONTENT, flags=TOUCHED | VERIFIED)
    assert _both(tmp_path, good, trust) == (SignatureState.GOOD_TRUSTED, ACCEPTS)
    bad = (SignatureState.BAD, REJECTS)
    assert _both(tmp_path, good, trust, CONTENT + b"x") == bad
    for said in (bytes([VERIFIED, 0, 0, 0, 7]), bytes([TOUCHED, 0, 0, 0, 8])):
        assert _both(tmp_path, token.signature(CONTENT, said=said), trust) == bad
    other = Token(token.key, b"ssh:elsewhere")
    assert _both(tmp_path, other.signature(CONTENT), trust)[0] is SignatureState.GOOD_UNKNOWN_KEY


@pytest.mark.parametrize("family", ["ed25519", "p256"])
def test_without_a_touch_it_is_not_trusted_here(tmp_path: Path, family: str) -> None:
    """ssh-keygen takes it: our rule is the stricter one, as that of sshd."""
    token = TOKENS[family]
    silent = token.signature(CONTENT, flags=VERIFIED)
    assert _both(tmp_path, silent, _trust(token.line)) == (SignatureState.GOOD_BUT_KEY, ACCEPTS)


def test_its_line_spoils_no_other(tmp_path: Path) -> None:
    (sibling,) = made(tmp_path, (ssh.slot(),), options())
    trust = _trust(*(each.line for each in TOKENS.values()), ssh.public_line("ed25519"))
    assert _both(tmp_path, sibling.content, trust) == (SignatureState.GOOD_TRUSTED, ACCEPTS)
    first, second, third = anchors_of(trust, Moment(1_700_000_000))
    assert [each.keys[0].type.title for each in (first, second, third)] == [
        "Ed25519",
        "P-256",
        "Ed25519",
    ]
    assert "security key" in first.keys[0].notes[0].english()
    assert third.keys[0].notes == ()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_any_of_several_lists_revokes_for_both(tmp_path: Path, place: int) -> None:
    """ssh-keygen takes one list; it is asked for each."""
    token = TOKENS["ed25519"]
    krls = []
    for number in range(3):
        public, krl = tmp_path / "k.pub", tmp_path / f"krl-{number}"
        public.write_text(f"{token.line if number == place else ssh.public_line('p384')}\n")
        arguments = ("-k", "-f", str(krl), "-z", str(number), str(public))
        subprocess.run(["ssh-keygen", *arguments], check=True, capture_output=True)
        krls.append(krl.read_bytes())
    signature = token.signature(CONTENT)
    revoked = _trust(token.line, krls=tuple(krls))
    assert _both(tmp_path, signature, revoked) == (SignatureState.GOOD_BUT_KEY, REJECTS)
    others = tuple(each for number, each in enumerate(krls) if number != place)
    assert _both(tmp_path, signature, _trust(token.line, krls=others)) == (
        SignatureState.GOOD_TRUSTED,
        ACCEPTS,
    )


@pytest.mark.parametrize("family", ["ed25519", "p256"])
def test_its_bytes_come_back_and_cut_ones_are_refused(family: str) -> None:
    found = parse_sshsig(TOKENS[family].signature(CONTENT))
    assert found.token == bytes([TOUCHED, 0, 0, 0, 7])
    assert parse_sshsig(write_sshsig(found)) == found
    with pytest.raises(ArtifactMalformed):
        parse_sshsig(TOKENS[family].signature(CONTENT, said=b"\1\0"))


@pytest.mark.parametrize("cut", [1, 4, 20])
@pytest.mark.parametrize("family", ["ed25519", "p256"])
def test_a_cut_key_refuses_the_file(family: str, cut: int) -> None:
    kind, encoded = TOKENS[family].line.split()
    line = f"{ME} {kind} {encoded[: -4 * cut]}"
    with pytest.raises(KeyUnreadable, match="line 1"):
        prepare_ssh(line.encode(), Origin("test"))
