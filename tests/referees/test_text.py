"""Texts signed in the clear against gpg, gpgv and sqv: both ways, tampered, and unlike ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.formats.text import FORMAT
from signstation.model.checks import Opinion, OpinionOutcome, Verdict, Verified
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType
from signstation.model.options import resolve
from signstation.model.trust import Origin, Trust
from signstation.system.artifact import FileArtifact
from signstation.trust.openpgp import prepare_openpgp
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.realtools.tree import RefereeTree
from tests.support.blobs import artifact
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.openpgp import SoftKey, secret_keys, slot_for
from tests.support.referees import run
from tests.support.tools import tool_context

BIRTH = 1_690_000_000  # long ago: Sequoia and gpgv go by the clock of the machine
SIGNED = BIRTH + 86400
NOW = BIRTH + 100 * 86400
TEXTS = {
    "lines": b"Release 1.0\n\n- one\n-----BEGIN PGP SIGNATURE-----\nFrom me\n  end\n",
    "crlf": b"one\r\n\r\n-two\r\n",
    "utf-8": "März: 3 €\n\n\n".encode(),
    "one line": b"x\n",
}


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


def prepared(home: GnupgHome) -> Trust:
    with tool_context(NOW) as ctx:
        return Trust(openpgp=prepare_openpgp(home.export(), Origin("a test"), ctx))


def signed_by(
    home: GnupgHome,
    keys: Sequence[TestKey],
    directory: Path,
    content: bytes,
    hashed: HashAlgorithm = HashAlgorithm.SHA512,
) -> bytes:
    """Sign as the station does."""
    soft: list[SoftKey] = []
    slots = []
    for key in keys:
        soft.append(secret_keys(home.export_secret(key.primary))[key.signing])
        certificate = home.export(key.primary)
        slot = slot_for(soft[-1], primary=key.primary, certificate=certificate, hashed=hashed)
        slots.append(replace(slot, kind=SignatureType.CLEARTEXT))
    with artifact(directory / "text", content) as found:
        options = resolve(FORMAT.options, {})
        signing = FORMAT.sign(found, tuple(slots), options, StepContext(time=SIGNED))
        asks = next(signing)
        with pytest.raises(StopIteration) as end:
            signing.send(tuple(soft[ask.slot].answer(ask) for ask in asks))
    (output,) = end.value.value
    document: bytes = output.content
    return document


def clearsigned(home: GnupgHome, key: TestKey, content: bytes, *options: str) -> bytes:
    """Sign as gpg does."""
    arguments = ("--clearsign", "--local-user", key.exact, *options, "--output", "-")
    return home.gpg("--digest-algo", "SHA512", *arguments, time=SIGNED, stdin=content).stdout


def both(directory: Path, document: bytes, trust: Trust) -> tuple[Verified, Opinion]:
    """Verify, and ask gpgv."""
    with ExitStack() as opened:
        found: FileArtifact = opened.enter_context(artifact(directory / "text.asc", document))
        ctx = opened.enter_context(tool_context(NOW))
        verified = FORMAT.verify(found, (), trust, StepContext(time=NOW))
        (opinion,) = FORMAT.referee(found, (), trust, ctx)
        return verified, opinion


def sequoia(referees: RefereeTree, home: GnupgHome, directory: Path, document: bytes) -> set[str]:
    """Return what each sqv makes of it: the verified text, or ``refused``."""
    (directory / "certificates.pgp").write_bytes(home.export())
    (directory / "document.asc").write_bytes(document)
    said = set()
    for suite in referees.suites:
        out = directory / f"out-{suite}"
        out.unlink(missing_ok=True)
        done = run(
            referees.program("sqv", suite),
            [
                *("--keyring", str(directory / "certificates.pgp"), f"--output={out}"),
                *("--cleartext", str(directory / "document.asc")),
            ],
            environment=referees.environment(suite),
        )
        good = done.returncode == 0
        said.add(out.read_bytes().decode() if good else "refused")
    return said


@pytest.mark.parametrize("name", TEXTS)
def test_the_document_is_that_of_gpg(home: GnupgHome, tmp_path: Path, name: str) -> None:
    key = home.generate("rsa2048", time=BIRTH)
    assert signed_by(home, [key], tmp_path, TEXTS[name]) == clearsigned(home, key, TEXTS[name])


def test_the_command_that_is_shown_makes_the_same_document(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("ed25519", time=BIRTH, subkey=True)
    ours = signed_by(home, [key], tmp_path, TEXTS["lines"])
    soft = secret_keys(home.export_secret(key.primary))[key.signing]
    slot = slot_for(soft, primary=key.primary, certificate=home.export(key.primary),
                    hashed=HashAlgorithm.SHA512)  # fmt: skip
    (command,) = FORMAT.commands((replace(slot, kind=SignatureType.CLEARTEXT),), ())
    home.gpg(*(each.replace("FILE", str(tmp_path / "text")) for each in command[1:]), time=SIGNED)
    assert (tmp_path / "text.asc").read_bytes() == ours


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa2048", "nistp256"])
def test_ours_is_accepted_and_theirs_too(
    home: GnupgHome, tmp_path: Path, referees: RefereeTree, algorithm: str
) -> None:
    key = home.generate(algorithm, time=BIRTH, subkey=True)
    trust, text = prepared(home), TEXTS["lines"]
    ours = signed_by(home, [key], tmp_path, text)
    for document in (ours, clearsigned(home, key, text)):
        verified, opinion = both(tmp_path, document, trust)
        assert verdict(verified.checks) is Verdict.TRUSTED
        assert opinion.outcome is OpinionOutcome.ACCEPTS, opinion
        assert sequoia(referees, home, tmp_path, document) == {text.decode()[:-1]}
        changed = document.replace(b"Release 1.0", b"Release 1.1")
        verified, opinion = both(tmp_path, changed, trust)
        assert verdict(verified.checks) is Verdict.TAMPERED
        assert opinion.outcome is OpinionOutcome.REJECTS, opinion
        assert sequoia(referees, home, tmp_path, changed) == {"refused"}


def test_several_signers_of_several_kinds(
    home: GnupgHome, tmp_path: Path, referees: RefereeTree
) -> None:
    keys = [
        home.generate(each, name=f"{each} <x@example.org>", time=BIRTH)
        for each in ("ed25519", "rsa2048")
    ]
    document = signed_by(home, keys, tmp_path, TEXTS["utf-8"])
    verified, opinion = both(tmp_path, document, prepared(home))
    assert [each.kind for each in verified.signatures] == [SignatureType.CLEARTEXT] * 2
    assert verdict(verified.checks) is Verdict.TRUSTED
    assert opinion.outcome is OpinionOutcome.ACCEPTS, opinion
    assert "refused" not in sequoia(referees, home, tmp_path, document)


def test_blanks_at_line_ends_change_nothing_and_are_told(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("ed25519", time=BIRTH)
    text = b"one \ntwo\t\n"
    theirs, ours = clearsigned(home, key, text), signed_by(home, [key], tmp_path, text)
    assert b"one \n" in theirs
    assert b"one\ntwo\n" in ours
    for document, codes in ((theirs, ["text.blanks"]), (ours, [])):
        verified, opinion = both(tmp_path, document, prepared(home))
        assert verdict(verified.checks) is Verdict.TRUSTED
        assert [each.code for each in verified.checks if each.code == "text.blanks"] == codes
        assert opinion.outcome is OpinionOutcome.ACCEPTS


WIDER: dict[str, tuple[bytes, bytes]] = {
    "something before": (b"-----BEGIN PGP SIGNED", b"Pay me first.\n-----BEGIN PGP SIGNED"),
    "something behind": (b"END PGP SIGNATURE-----\n", b"END PGP SIGNATURE-----\nPay me.\n"),
}
"""What gpgv takes and we do not: a reader would take the unsigned words for signed ones."""


@pytest.mark.parametrize("name", WIDER)
def test_where_gpgv_sees_it_otherwise(home: GnupgHome, tmp_path: Path, name: str) -> None:
    key = home.generate("ed25519", time=BIRTH)
    old, new = WIDER[name]
    document = clearsigned(home, key, TEXTS["one line"]).replace(old, new)
    verified, opinion = both(tmp_path, document, prepared(home))
    assert verdict(verified.checks) is Verdict.INDETERMINATE
    assert opinion.outcome is OpinionOutcome.ACCEPTS


def test_a_hash_header_that_lies_is_refused_by_both(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("ed25519", time=BIRTH)
    document = clearsigned(home, key, TEXTS["one line"]).replace(b"Hash: SHA512", b"Hash: SHA384")
    verified, opinion = both(tmp_path, document, prepared(home))
    assert verdict(verified.checks) is Verdict.INDETERMINATE
    assert opinion.outcome is not OpinionOutcome.ACCEPTS


def test_a_strange_header_is_refused_by_both(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("ed25519", time=BIRTH)
    document = clearsigned(home, key, TEXTS["one line"]).replace(
        b"Hash: SHA512", b"Hash: SHA512\nNote: paid"
    )
    verified, opinion = both(tmp_path, document, prepared(home))
    assert verdict(verified.checks) is Verdict.INDETERMINATE
    assert opinion.outcome is not OpinionOutcome.ACCEPTS
