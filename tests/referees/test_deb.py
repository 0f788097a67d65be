"""debsig-verify accepts what we sign and refuses what was changed; we refuse what it overlooks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from signstation.formats.deb import FORMAT
from signstation.model.checks import Opinion, OpinionOutcome, Verdict
from signstation.model.trust import Origin, Trust
from signstation.trust.openpgp import prepare_openpgp
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support.contract_formats import FormatCase, Sample, artifacts
from tests.support.deb import CONTROL, Recipe, archive, build, parts, spans
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.rpm_tools import Signer, trust_of
from tests.support.tools import tool_context

BIRTH = 1_690_000_000
SIGNED = BIRTH + 86400
NOW = BIRTH + 100 * 86400
FORMS = (".xz", ".gz", ".zst", "")


@pytest.fixture(scope="module")
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


@pytest.fixture(scope="module")
def keys(home: GnupgHome) -> dict[str, TestKey]:
    """Primary keys that sign, since debsig-verify takes no others, and one with a subkey."""
    made = {
        name: home.generate(name, name=f"{name} <{name}@example.org>", time=BIRTH, subkey=False)
        for name in ("rsa2048", "ed25519")
    }
    name = "subkey <subkey@example.org>"
    made["subkey"] = home.generate("ed25519", name=name, time=BIRTH, subkey=True)
    return made


@pytest.fixture(scope="module")
def trust(home: GnupgHome, keys: dict[str, TestKey]) -> Trust:
    assert keys
    return trust_of(home, NOW)


def sign(content: bytes, signer: Signer, **options: str) -> bytes:
    """Sign as the engine does, the recheck included."""
    sample = Sample(content, (signer.slot,), signer.soft.answer, Trust(), SIGNED, options=options)
    case = FormatCase(FORMAT, sample)
    signed, _ = case.signed()
    case.recheck([signed])
    return signed


def opinion(content: bytes, trust: Trust) -> Opinion:
    with tool_context(NOW) as ctx, artifacts(content) as (artifact,):
        (found,) = FORMAT.referee(artifact, (), trust, ctx)
    return found


def ours(content: bytes, trust: Trust) -> Verdict:
    sample = Sample(content, (), lambda _: b"", trust, NOW)
    return FormatCase(FORMAT, sample).verdict(content)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("algorithm", ["rsa2048", "ed25519"])
def test_what_we_sign_is_accepted_and_no_changed_byte_of_it(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, algorithm: str, form: str
) -> None:
    signed = sign(build(Recipe(packed=form)), Signer.of(home, keys[algorithm]))
    said = opinion(signed, trust)
    assert said.outcome is OpinionOutcome.ACCEPTS, said.says
    assert said.version.startswith("0.")
    assert "st-tool-" not in said.says, "no path of a private directory"
    assert ours(signed, trust) is Verdict.TRUSTED
    for name, span in spans(signed).items():
        changed = bytearray(signed)
        changed[span[-1]] ^= 1
        assert opinion(bytes(changed), trust).outcome is not OpinionOutcome.ACCEPTS, name
        assert ours(bytes(changed), trust) is not Verdict.TRUSTED, name


def test_an_unknown_key_is_unknown_to_both(home: GnupgHome, keys: dict[str, TestKey]) -> None:
    signed = sign(build(), Signer.of(home, keys["ed25519"]))
    assert opinion(signed, Trust()).outcome is OpinionOutcome.UNKNOWN_KEY
    assert ours(signed, Trust()) is Verdict.UNTRUSTED


def test_unsigned_to_both(trust: Trust) -> None:
    assert opinion(build(), trust).outcome is OpinionOutcome.UNSIGNED
    assert ours(build(), trust) is Verdict.UNSIGNED


def test_a_subkey_is_good_to_us_and_beyond_debsig_verify(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust
) -> None:
    signer = Signer.of(home, keys["subkey"])
    signed = sign(build(), signer)
    said = opinion(signed, trust)
    assert said.outcome is OpinionOutcome.CANNOT, said.says
    assert said.note is not None
    assert "primary keys only" in said.note.english()
    assert ours(signed, trust) is Verdict.TRUSTED
    options = (("existing", "replace"), ("role", "origin"))
    (caution,) = FORMAT.cautions((signer.slot,), options)
    assert "primary" in caution.english()
    assert FORMAT.cautions((Signer.of(home, keys["rsa2048"]).slot,), options) == ()


def test_several_roles_one_after_the_other(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust
) -> None:
    first = sign(build(), Signer.of(home, keys["ed25519"]))
    both = sign(first, Signer.of(home, keys["rsa2048"]), role="maint", existing="keep")
    assert both.startswith(first)
    assert opinion(both, trust).outcome is OpinionOutcome.ACCEPTS
    with artifacts(both) as (artifact,):
        found = FORMAT.verify(artifact, (), trust, StepContext(time=NOW)).signatures
    assert [each.place.english() for each in found] == [
        "signature for the role origin",
        "signature for the role maint",
    ]
    alone = sign(build(), Signer.of(home, keys["ed25519"]), role="maint")
    said = opinion(alone, trust)
    assert said.outcome is OpinionOutcome.CANNOT
    assert ours(alone, trust) is Verdict.TRUSTED


@pytest.mark.parametrize("more", [("data.tar.xz", b""), ("_data", b"x"), ("setup.exe", b"MZ")])
def test_members_that_debsig_verify_overlooks(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, more: tuple[str, bytes]
) -> None:
    """It verifies such a file; we call it changed, or warn where everybody ignores the member."""
    signed = sign(build(), Signer.of(home, keys["ed25519"]))
    name, content = more
    extended = signed + archive([(name, content or parts()[2][1])])[8:]
    assert opinion(extended, trust).outcome is OpinionOutcome.ACCEPTS
    if name.startswith("_"):
        with artifacts(extended) as (artifact,):
            checks = FORMAT.verify(artifact, (), trust, StepContext(time=NOW)).checks
        assert "deb.ignored-member" in {each.code for each in checks}
    else:
        assert ours(extended, trust) is Verdict.TAMPERED


@pytest.mark.parametrize("form", [".xz", ".gz", ""])
def test_what_debsigs_signs_is_good_to_us(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, tmp_path: Path, form: str
) -> None:
    package = tmp_path / "p.deb"
    package.write_bytes(build(Recipe(packed=form)))
    home_of_gpg = {"GNUPGHOME": str(home.path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    program = ["debsigs", "--sign=origin", "--default-key", keys["ed25519"].exact, str(package)]
    done = subprocess.run(program, env=home_of_gpg, capture_output=True, check=False, timeout=60)
    signed = package.read_bytes()
    assert "_gpgorigin" in spans(signed), done.stderr
    assert opinion(signed, trust).outcome is OpinionOutcome.ACCEPTS
    with artifacts(signed) as (artifact,):
        verified = FORMAT.verify(artifact, (), trust, StepContext(time=2_000_000_000))
    assert verdict(verified.checks) is Verdict.TRUSTED, verified.checks


def test_dpkg_reads_what_we_signed(
    home: GnupgHome, keys: dict[str, TestKey], tmp_path: Path
) -> None:
    signed = sign(build(), Signer.of(home, keys["ed25519"]))
    path = tmp_path / "p.deb"
    path.write_bytes(signed)
    program = ["dpkg-deb", "--field", str(path), "Package", "Version"]
    done = subprocess.run(program, capture_output=True, check=True, timeout=60, text=True)
    assert done.stdout.split() == ["Package:", "hello", "Version:", "2.10-3"]
    assert CONTROL.startswith("Package: hello\n")


CORPUS_NOW = 1_796_000_000
CORPUS_KEYS = ("toolmade/keys/rsa.asc", "toolmade/keys/ed.asc")
CORPUS = {
    "s": Verdict.TRUSTED,
    "n_o": Verdict.TRUSTED,
    "n_oz": Verdict.TRUSTED,
    "t_data": Verdict.TAMPERED,
    "t_dup": Verdict.TAMPERED,
    "dt_dup": Verdict.TAMPERED,
    # dpkg-sig's form only: MD5 and SHA-1 are no ground for trust
    "ds": Verdict.UNTRUSTED,
    "n_b": Verdict.UNTRUSTED,
    "tiny_none": Verdict.UNSIGNED,
    "tiny_xz": Verdict.UNSIGNED,
    "tiny_zstd": Verdict.UNSIGNED,
}


@pytest.mark.parametrize("name", CORPUS)
def test_packages_of_other_tools(name: str) -> None:
    named = os.environ.get("SIGNSTATION_CORPUS")
    corpus = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "corpus"
    if not corpus.is_dir():
        pytest.skip("the corpus is not here")
    certificates = b"".join((corpus / each).read_bytes() for each in CORPUS_KEYS)
    with tool_context(CORPUS_NOW) as ctx:
        known = Trust(openpgp=prepare_openpgp(certificates, Origin("a test"), ctx))
    content = (corpus / "toolmade" / "deb" / f"{name}.deb").read_bytes()
    sample = Sample(content, (), lambda _: b"", known, CORPUS_NOW)
    assert FormatCase(FORMAT, sample).verdict(content) is CORPUS[name]
