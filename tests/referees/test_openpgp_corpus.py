"""Real OpenPGP files of others, where the corpus is there: read, prepared as trust, judged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signstation.codec.armor import ArmorKind, dearmor
from signstation.codec.openpgp import parse_signatures
from signstation.formats.blob import FORMAT
from signstation.model.checks import SignatureState, Verdict
from signstation.model.trust import OpenPgpCertificate, Origin, RevocationReason, Trust
from signstation.trust.openpgp import prepare_openpgp
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support.blobs import artifact
from tests.support.tools import tool_context

CORPUS = Path(
    os.environ.get("SIGNSTATION_CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus"
)
NOW = 1_790_000_000

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")


def prepare(name: str) -> tuple[OpenPgpCertificate, ...]:
    with tool_context(NOW) as ctx:
        return prepare_openpgp((CORPUS / name).read_bytes(), Origin(name), ctx)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("rpm/keys/alice.asc", 2),
        ("rpm/keys/rpm.org-rsa-2048-add-subkey.asc", 3),
        ("rpm/keys/rpm.org-nistp256-test.pub", 1),
        ("rpm/keys/rpm.org-v6-ed25519-test.asc", 2),
        ("rpm/keys/rpm.org-v6-rsa4k-test.asc", 2),
    ],
)
def test_certificates_of_others(name: str, keys: int) -> None:
    (found,) = prepare(name)
    assert len(found.keys) == keys
    assert all(each.valid_binding for each in found.keys)
    assert any(each.can_sign for each in found.keys)


@pytest.mark.parametrize("name", ["CVE-2021-3521-badbind", "CVE-2021-3521-nosubsig-last"])
def test_a_subkey_that_was_never_bound_is_no_key(name: str) -> None:
    (found,) = prepare(f"rpm/keys/{name}.asc")
    assert len(found.keys) == 1


def test_states_of_subkeys() -> None:
    (expired,) = prepare("rpm/keys/alice-expired-subkey.asc")
    assert expired.keys[1].expires == 1_649_721_615
    (revoked,) = prepare("rpm/keys/alice-revoked-subkey.asc")
    assert revoked.keys[1].revocation is not None
    assert revoked.keys[1].revocation.reason is RevocationReason.COMPROMISED


def test_a_keyring_of_a_distribution() -> None:
    found = prepare("deb/debian-archive-keyring.gpg")
    assert len(found) > 5
    assert all(each.user_ids and each.primary.valid_binding for each in found)


def test_every_signature_is_read() -> None:
    count = 0
    for path in sorted((CORPUS / "deb").iterdir()):
        for block in dearmor(path.read_bytes()) if path.suffix in {".asc", ".dsc"} else ():
            if block.kind is ArmorKind.SIGNATURE:
                packets = parse_signatures(block.data)
                assert packets
                assert [each.problem for each in packets] == [""] * len(packets)
                count += len(packets)
    assert count >= 2


def test_an_upstream_signature_without_its_key(tmp_path: Path) -> None:
    content = (CORPUS / "deb/hello_2.10.orig.tar.gz").read_bytes()
    signature = (CORPUS / "deb/hello_2.10.orig.tar.gz.asc").read_bytes()
    with (
        artifact(tmp_path / "content", content) as signed,
        artifact(tmp_path / "s", signature) as file,
    ):
        found = FORMAT.verify(signed, (file,), Trust(), StepContext(time=NOW))
    (facts,) = found.signatures
    assert facts.state is SignatureState.UNKNOWN_KEY
    assert facts.fingerprint.endswith("A9553245FDE9B739")
    assert verdict(found.checks) is Verdict.UNTRUSTED
