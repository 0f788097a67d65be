"""The linter: the tables are whole, and what a client will say follows from what was read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.acceptance.lint import Issue, Published, SignedThing, judge
from signstation.acceptance.matrix import CELLS, CLIENTS, DEADLINES, Answer, Engine, Family, answer
from signstation.acceptance.properties import Certified, Seen, look
from signstation.acceptance.sayings import WORDS, reason
from signstation.app.lint import read_repository
from signstation.app.lint_rpm import read_packages
from signstation.cli.main import main
from signstation.codec.openpgp import SignaturePacket
from signstation.codec.openpgp_certificates import split_certificates
from signstation.errors import PathMissing, UsageError
from tests.support.aptrepo import Repository
from tests.support.openpgp import shared_certificate
from tests.support.rpm import Recipe, build
from tests.support.station import schema

NOW = 1_795_000_000
APT = [each for each in CLIENTS if each.family is Family.APT]
NAMES = sorted(WORDS)


def test_every_cell_has_its_client_and_its_words() -> None:
    assert {name for name, _ in CELLS} <= set(WORDS)
    assert set(DEADLINES) <= set(WORDS)
    columns = {column for _, column in CELLS}
    assert columns == {each.column for each in CLIENTS}
    assert len({each.id for each in CLIENTS}) == len(CLIENTS)
    for client in CLIENTS:
        for name in NAMES:
            assert reason(client, name).startswith(WORDS[name])


@pytest.mark.parametrize("name", sorted(DEADLINES))
def test_deadlines_are_of_the_client_that_has_them(name: str) -> None:
    warned, refused = DEADLINES[name]
    for client in APT:
        found = [answer(client, name, at) for at in (warned - 1, warned, refused - 1, refused)]
        if client.engine is Engine.SQV:
            warns = [Answer.WARNS] * 2
            assert found == [Answer.ACCEPTS, *warns, Answer.REFUSES]
        else:
            assert len(set(found)) == 1


def seen(*properties: str) -> Seen:
    return Seen(properties, "A" * 40, known=True)


def apt(*signatures: Seen, issues: tuple[Issue, ...] = ()) -> dict[str, Answer]:
    """What each apt will say of one signed file."""
    things = (SignedThing("InRelease", signatures),) if signatures else ()
    published = Published(Family.APT, issues, things, ())
    return {each.client.id: each.answer for each in judge(published, NOW)}


def test_one_good_signature_is_enough_and_the_oldest_comes_first() -> None:
    weak, good, new = seen("key.rsa1024"), seen("key.ed25519"), seen("key.v6")
    assert apt(weak)["deb13"] is Answer.REFUSES
    assert apt(weak, good) == apt(good) == dict.fromkeys(apt(good), Answer.ACCEPTS)
    assert apt(good, new)["deb12"] is Answer.ACCEPTS
    assert apt(new, good)["deb12"] is Answer.REFUSES
    assert apt(new, good)["deb13"] is Answer.ACCEPTS


@given(st.lists(st.lists(st.sampled_from(NAMES), max_size=3), min_size=1, max_size=3))
def test_a_further_property_never_helps_and_a_further_signature_never_harms(
    properties: list[list[str]],
) -> None:
    order = list(Answer)
    before = apt(*(seen(*each) for each in properties))
    worse = apt(*(seen(*each, "hash.md5") for each in properties))
    both = apt(*(seen(*each) for each in properties), seen("key.v6"))
    for client in before:
        assert order.index(worse[client]) >= order.index(before[client])
        assert order.index(both[client]) <= order.index(before[client])


def test_advice_is_told_and_changes_nothing() -> None:
    advice = Issue("x", Answer.ACCEPTS, "dists/a", "no by-hash", "Hash Sum mismatch")
    published = Published(Family.APT, (advice,), (), ())
    for each in judge(published, NOW):
        assert each.answer is Answer.ACCEPTS
        assert [one.says for one in each.reasons] == ["no by-hash (Hash Sum mismatch)"]


def certified(suite: str, profile: str = "RFC4880") -> tuple[SignaturePacket, Certified]:
    """A certificate, and what a signature by its signing key says of itself."""
    made = shared_certificate(suite, profile)
    (key,) = split_certificates(made.trusted.material)
    signer = made.signer.public
    packet = SignaturePacket(
        b"",
        signer.version,
        hash_id=8,
        created=signer.created,
        issuer_fingerprint=signer.fingerprint,
    )
    return packet, Certified.of(key)


@pytest.mark.parametrize(
    ("suite", "profile", "name"),
    [
        ("Cv25519", "RFC4880", "key.ed25519"),
        ("RSA2k", "RFC4880", "key.rsa2048"),
        ("RSA3k", "RFC4880", "key.rsa3072"),
        ("P256", "RFC4880", "key.p256"),
        ("P521", "RFC4880", "key.p521"),
        ("Cv25519", "RFC9580", "key.v6"),
    ],
)
def test_keys_are_named_as_the_tables_have_them(suite: str, profile: str, name: str) -> None:
    packet, certificate = certified(suite, profile)
    at = packet.created or 0
    found = look(packet, [certificate], at)
    assert found.known
    assert name in found.properties
    assert not [each for each in found.properties if not each.startswith("key.")]
    assert not look(packet, [], at).known


def test_what_the_packet_says_is_seen() -> None:
    packet, certificate = certified("Cv25519")
    made = packet.created or 0
    odd = {
        "hash.sha1": replace(packet, hash_id=2),
        "hash.ripemd160": replace(packet, hash_id=3),
        "signature.v3": replace(packet, version=3),
        "signature.future": packet,
    }
    for name, each in odd.items():
        assert name in look(each, [certificate], made - 1).properties
    (primary, *rest) = certificate.states
    expired = replace(certificate, states=(replace(primary, expires=made + 10), *rest))
    assert "state.expired-after-signing" in look(packet, [expired], made + 20).properties
    late = replace(certificate, states=(replace(primary, expires=made - 10), *rest))
    assert "state.signed-after-expiry" in look(packet, [late], made + 20).properties
    assert (
        look(replace(packet, issuer_key_id="", issuer_fingerprint=""), [certificate], made).known
        is False
    )


CASES = {
    "apt.unsigned": Repository(date=NOW),
    "apt.expired": Repository(date=NOW - 10, until=NOW - 1),
    "apt.future": Repository(date=NOW + 10),
    "apt.weak-hashes": Repository(date=NOW, hashes=("MD5Sum", "SHA1")),
    "apt.no-by-hash": Repository(date=NOW),
}


@pytest.mark.parametrize("code", sorted(CASES))
def test_faults_of_a_release_file_are_found(tmp_path: Path, code: str) -> None:
    CASES[code].write(tmp_path)
    found = {each.code for each in read_repository(tmp_path, (), NOW).issues}
    assert {code, "apt.unsigned", "apt.no-by-hash"} == found


def test_indexes_and_names_are_compared(tmp_path: Path) -> None:
    release = Repository(date=NOW, more={"Acquire-By-Hash": "yes"}).write(tmp_path)
    beside = release.parent / "main/binary-all"
    (beside / "Release").write_text("Archive: stable\nComponent: main\n")
    for path in beside.glob("Packages"):
        path.write_bytes(path.read_bytes() + b"\n")
    release.parent.rename(release.parent.with_name("other"))
    issues = read_repository(tmp_path, (), NOW).issues
    assert [each.code for each in issues] == ["apt.unsigned", "apt.other-suite", "apt.index"]
    assert issues[-1].subject == "dists/other/main/binary-all/Packages"


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n", b"\xff" * 99]
)
def test_odd_signed_files_are_refusals(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "InRelease").write_bytes(content)
    published = read_repository(tmp_path, (), NOW)
    assert "apt.malformed" in {each.code for each in published.issues}
    assert {each.answer for each in judge(published, NOW)} == {Answer.REFUSES}


def test_an_rpm_repository_without_signatures(tmp_path: Path) -> None:
    (tmp_path / "repodata").mkdir()
    (tmp_path / "repodata/repomd.xml").write_text("<repomd/>")
    (tmp_path / "a.rpm").write_bytes(build(Recipe()))
    (tmp_path / "b.rpm").write_bytes(b"no package")
    published = read_repository(tmp_path, (), NOW)
    codes = [each.code for each in published.issues]
    assert codes == ["rpm.metadata-unsigned", "rpm.unsigned", "rpm.malformed"]
    assert len(list(read_packages(tmp_path, (), NOW))) == 2
    for content in (b"", b"-----BEGIN PGP SIGNATURE-----\n\n?\n-----END PGP SIGNATURE-----\n"):
        (tmp_path / "repodata/repomd.xml.asc").write_bytes(content)
        first = read_repository(tmp_path, (), NOW).issues[0]
        assert first.code == "rpm.metadata-signature"


def test_what_is_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_repository(tmp_path, (), NOW)
    with pytest.raises(PathMissing):
        read_repository(tmp_path / "missing", (), NOW)


def test_the_command_prints_each_client(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Repository(date=NOW).write(tmp_path)
    assert main(["lint", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert all(each.title in said for each in APT)
    assert "E: The repository is not signed." in said
    assert main(["lint", str(tmp_path), "--client", "deb13", "--json", "--at", "2026-12-01"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    schema("client-answer").validate(json.loads(line))
