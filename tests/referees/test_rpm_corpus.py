"""Packages of rpm's own test suite and of other tools: verdicts as known from RPM 4.18 and 6.

The corpus lies beside the repository or where SIGNSTATION_CORPUS says; without it these tests are
skipped, and their generated twins (tests/support/samples_rpm.py, test_rpm_rpmkeys.py) still run.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signstation.errors import ArtifactMalformed
from signstation.formats.rpm import FORMAT
from signstation.model.checks import SignatureState, Verdict
from signstation.model.trust import Origin, Trust
from signstation.trust.openpgp import prepare_openpgp
from signstation.verification.verdict import verdict
from tests.support.contract_formats import FormatCase
from tests.support.rpm import Recipe
from tests.support.rpm_tools import RpmTools, verify
from tests.support.samples_rpm import sample
from tests.support.tools import tool_context

HOST = RpmTools()
NOW = 1_796_000_000
CASE = FormatCase(FORMAT, sample(Recipe(), "Cv25519"))
RPM_KEYS = "rpm/keys/rpm.org-rsa-2048-test.pub"
TOOL_KEYS = ("toolmade/keys/rsa.asc", "toolmade/keys/ed.asc", "toolmade/keys/p256.asc")
ALICE = "rpm/keys/alice.asc"

VERDICTS: dict[str, Verdict] = {
    "rpm/hello-1.0-1.i386.rpm": Verdict.UNSIGNED,
    "rpm/hello-1.0-1.src.rpm": Verdict.UNSIGNED,
    "rpm/hello-2.0-1.x86_64.rpm": Verdict.UNSIGNED,
    "rpm/imatest-1.0-1.fc34.noarch.rpm": Verdict.UNSIGNED,
    "rpm/hello-2.0-1.x86_64-corrupted.rpm": Verdict.TAMPERED,
    "rpm/hello-2.0-1.x86_64-signed.rpm": Verdict.TRUSTED,
    "rpm/hello-2.0-1.x86_64-signed-mldsa87.rpm": Verdict.TRUSTED,
    "rpm/hello-2.0-1.x86_64-signed-with-new-subkey.rpm": Verdict.UNTRUSTED,
    "rpm/hello-2.0-1.x86_64-signed-with-subkey.rpm": Verdict.TRUSTED,
    # RPM accepts version 3 packets; they do not protect who signed
    "rpm/hello-2.0-1.x86_64-v3-signed.rpm": Verdict.UNTRUSTED,
    "rpm/hlinktest-1.0-1.noarch-v3sig.rpm": Verdict.TRUSTED,
    "rpm/mwe-rpm-lua-problem-1.0.0-1.noarch.rpm": Verdict.UNTRUSTED,
    "toolmade/rpm/ed.rpm": Verdict.TRUSTED,
    "toolmade/rpm/rsa.rpm": Verdict.TRUSTED,
    "toolmade/rpm/v3.rpm": Verdict.TRUSTED,
    "toolmade/rpm/verity.rpm": Verdict.TRUSTED,
    "toolmade/rpm/v4pkg-3xopenpgp.rpm": Verdict.TRUSTED,
    "toolmade/rpm/v6pkg-rpmv4compat.rpm": Verdict.TRUSTED,
    "toolmade/rpm/v6pkg-unsigned.rpm": Verdict.UNSIGNED,
    "toolmade/rpm/tiny-unsigned.rpm": Verdict.UNSIGNED,
    "toolmade/rpm/t_header.rpm": Verdict.TAMPERED,
    "toolmade/rpm/t_payload.rpm": Verdict.TAMPERED,
    "toolmade/rpm/t_sig.rpm": Verdict.TAMPERED,
    "toolmade/rpm/t_trail.rpm": Verdict.TAMPERED,
    "toolmade/rpm/t_trunc.rpm": Verdict.TAMPERED,
    # nothing covers the padding: a note, as the signed content is what was signed
    "toolmade/rpm/t_pad.rpm": Verdict.TRUSTED,
}
MALFORMED = [f"toolmade/rpm/f_{name}.rpm" for name in ("cnt", "dl", "il", "off", "type")]


@pytest.fixture(scope="module")
def corpus() -> Path:
    named = os.environ.get("SIGNSTATION_CORPUS")
    beside = Path(__file__).resolve().parents[3] / "shared" / "corpus"
    found = Path(named) if named else beside
    if not (found / "rpm").is_dir():
        pytest.skip(f"no corpus at {found}")
    return found


@pytest.fixture(scope="module")
def trust(corpus: Path) -> Trust:
    with tool_context(NOW) as ctx:
        certificates = [
            each
            for name in (RPM_KEYS, *TOOL_KEYS, ALICE)
            for each in prepare_openpgp((corpus / name).read_bytes(), Origin(name), ctx)
        ]
    return Trust(openpgp=tuple(certificates))


@pytest.mark.parametrize("name", VERDICTS)
def test_the_verdict_is_the_known_one(corpus: Path, trust: Trust, name: str) -> None:
    verified = verify((corpus / name).read_bytes(), trust, NOW)
    assert verdict(verified.checks) is VERDICTS[name], verified.checks
    CASE.inspect((corpus / name).read_bytes())


@pytest.mark.parametrize("name", MALFORMED)
def test_the_malformed_are_refused_with_their_place(corpus: Path, trust: Trust, name: str) -> None:
    with pytest.raises(ArtifactMalformed) as caught:
        verify((corpus / name).read_bytes(), trust, NOW)
    assert 96 <= caught.value.offset < 4500


def test_no_file_of_the_corpus_is_left_out(corpus: Path) -> None:
    there = {
        str(each.relative_to(corpus))
        for folder in ("rpm", "toolmade/rpm")
        for each in (corpus / folder).glob("*.rpm")
    }
    assert there == {*VERDICTS, *MALFORMED}


def test_a_post_quantum_signature_is_shown_and_not_judged(corpus: Path, trust: Trust) -> None:
    content = (corpus / "rpm/hello-2.0-1.x86_64-signed-mldsa87.rpm").read_bytes()
    states = [each.state for each in verify(content, trust, NOW).signatures]
    assert states.count(SignatureState.UNREADABLE) + states.count(SignatureState.UNKNOWN_KEY) == 1
    assert SignatureState.GOOD_TRUSTED in states


def test_signatures_of_files_are_kept_when_it_is_signed(corpus: Path, trust: Trust) -> None:
    content = (corpus / "toolmade/rpm/verity.rpm").read_bytes()
    signed = CASE.sign(content).outputs
    assert signed
    found = CASE.inspect(content)
    assert any(each.code == "rpm.file-signatures" for each in found.findings)


@pytest.mark.parametrize(
    "name", [name for name, each in VERDICTS.items() if each is Verdict.TRUSTED]
)
def test_rpm_of_the_host_agrees_where_we_trust(corpus: Path, trust: Trust, name: str) -> None:
    opinion = HOST.opinion((corpus / name).read_bytes(), trust, NOW)
    assert opinion.outcome.value == "accepts" or name == SUBKEY, opinion.says


SUBKEY = "rpm/hello-2.0-1.x86_64-signed-with-subkey.rpm"
"""RPM 4.18 cannot import this certificate."""
