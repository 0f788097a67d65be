"""Anchors in words, pinning what was looked at and nothing else, and a way back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from signstation.app import trustcases
from signstation.app.sightings import MAX_SEEN, Sightings, seen
from signstation.app.trust import TrustSource
from signstation.app.trustfacts import Moment, anchors_of
from signstation.app.trustpins import TrustPins
from signstation.errors import ArtifactChanged, UsageError
from signstation.interfaces.workers import ToolWorkers
from signstation.model.anchors import AnchorKind, PinOrder
from signstation.model.checks import Verdict
from signstation.model.hashes import sha256
from signstation.model.keys import KeyFamily, KeyState, KeyType
from signstation.model.sightings import Seen
from signstation.model.text import Text
from signstation.model.trust import (
    OpenPgpCertificate,
    OpenPgpKey,
    Origin,
    Purpose,
    Revocation,
    RevocationReason,
    Trust,
)
from signstation.trust.x509 import prepare_x509
from tests.support import windowdata
from tests.support.notes import NotedLog

NOW = 1_800_000_000
DAY = 86400
FILE = Origin("trust file")


def _certificate(name: str, *, authority: bool) -> bytes:
    key = ed25519.Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.fromtimestamp(NOW - 10 * DAY, UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=20))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return builder.sign(key, None).public_bytes(Encoding.DER)


ROOT = _certificate("Example root", authority=True)
LEAF = _certificate("Example modules", authority=False)


class Preparing:
    """Prepares X.509 files in this process, as a tool worker does in its own."""

    async def prepare_trust(self, files: Sequence[tuple[str, bytes]]) -> Trust:
        """Return the anchors of DER files."""
        found = [prepare_x509(content, Origin(f"trust file {label}")) for label, content in files]
        return Trust(x509=tuple(anchor for each in found for anchor in each))


@pytest.fixture
def trust(tmp_path: Path) -> TrustSource:
    """Give an empty store of pins."""
    tools = cast("ToolWorkers", Preparing())
    return TrustSource(TrustPins(tmp_path / "trust"), tools, lambda: NOW)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file with a root and a leaf."""
    path = tmp_path / "anchors.der"
    path.write_bytes(ROOT + LEAF)
    return path


def _clock() -> int:
    return NOW


def _order(path: Path, *purposes: Purpose, what: bytes = LEAF) -> PinOrder:
    content = sha256(path.read_bytes()).value
    return PinOrder(path, content, (sha256(what).hex,), purposes or (Purpose.ANY,))


def test_looking_at_a_file_trusts_nothing(trust: TrustSource, file: Path) -> None:
    async def look() -> None:
        found = await trustcases.preview(trust, _clock, file)
        assert [each.label for each in found.anchors] == ["Example root", "Example modules"]
        assert [each.kind for each in found.anchors] == [
            AnchorKind.AUTHORITY,
            AnchorKind.CERTIFICATE,
        ]
        assert found.pinned == ()
        assert await trustcases.anchors(trust, _clock) == ()

    asyncio.run(look())


def test_only_the_chosen_anchor_is_pinned_for_its_purposes(trust: TrustSource, file: Path) -> None:
    async def go() -> None:
        order = _order(file, Purpose.KERNEL_MODULES, Purpose.FILES)
        (pinned,) = await trustcases.pin(trust, _clock, order, NotedLog().notes)
        assert pinned.label == "Example modules"
        assert pinned.purposes == (Purpose.FILES, Purpose.KERNEL_MODULES)
        assert pinned.origin.since == NOW
        assert pinned.origin.source.startswith("file anchors.der, pinned by ")
        assert await trustcases.anchors(trust, _clock) == (pinned,)
        again = await trustcases.preview(trust, _clock, file)
        assert again.pinned == (pinned.identity,)

    asyncio.run(go())


def test_a_file_that_changed_since_is_refused(trust: TrustSource, file: Path) -> None:
    order = _order(file)
    file.write_bytes(LEAF)
    with pytest.raises(ArtifactChanged):
        asyncio.run(trustcases.pin(trust, _clock, order, NotedLog().notes))
    assert asyncio.run(trustcases.anchors(trust, _clock)) == ()


@pytest.mark.parametrize(
    "change",
    [{"identities": ("0" * 64,)}, {"identities": ()}, {"purposes": ()}],
    ids=["stranger", "nothing", "no purpose"],
)
def test_an_order_that_fits_nothing_is_refused(
    trust: TrustSource, file: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        asyncio.run(
            trustcases.pin(trust, _clock, replace(_order(file), **change), NotedLog().notes)
        )


def test_unpinning_can_be_undone_with_day_and_source(trust: TrustSource, file: Path) -> None:
    """Each change is in the audit log, once, and what was refused changed nothing."""
    log = NotedLog()

    async def go() -> None:
        (pinned,) = await trustcases.pin(trust, _clock, _order(file), log.notes)
        gone = await trustcases.unpin(trust, pinned.identity, log.notes)
        assert await trustcases.anchors(trust, _clock) == ()
        with pytest.raises(UsageError):
            await trustcases.unpin(trust, pinned.identity, log.notes)
        with pytest.raises(UsageError):
            await trustcases.restore(trust, replace(gone, material=ROOT), log.notes)
        await trustcases.restore(trust, gone, log.notes)
        assert await trustcases.anchors(trust, lambda: NOW + DAY) == (pinned,)

    asyncio.run(go())


def _openpgp(*keys: OpenPgpKey) -> OpenPgpCertificate:
    return OpenPgpCertificate(b"", ("A <a@example.org>",), keys, FILE)


def _key(name: str, **more: object) -> OpenPgpKey:
    given = {"created": NOW - DAY, "expires": NOW + DAY, "can_sign": True, **more}
    return OpenPgpKey(name * 40, KeyType(KeyFamily.ED25519), **given)  # type: ignore[arg-type]


PRIMARY = _key("A", can_sign=False, expires=None)
STOLEN = Revocation(NOW - DAY, RevocationReason.COMPROMISED)


@pytest.mark.parametrize(
    ("keys", "state", "expires"),
    [
        ((PRIMARY,), KeyState.ACTIVE, None),
        ((PRIMARY, _key("B")), KeyState.ACTIVE, NOW + DAY),
        ((PRIMARY, _key("B"), _key("C", expires=None)), KeyState.ACTIVE, None),
        ((PRIMARY, _key("B", expires=NOW)), KeyState.EXPIRED, NOW),
        ((PRIMARY, _key("B", created=NOW + 1)), KeyState.NOT_YET, NOW + DAY),
        ((PRIMARY, _key("B", revocation=STOLEN)), KeyState.REVOKED, NOW + DAY),
        ((replace(PRIMARY, revocation=STOLEN), _key("B")), KeyState.REVOKED, None),
        ((PRIMARY, _key("B", valid_binding=False)), KeyState.DISABLED, NOW + DAY),
    ],
)
def test_the_state_is_that_of_what_it_vouches_with(
    keys: tuple[OpenPgpKey, ...], state: KeyState, expires: int | None
) -> None:
    (anchor,) = anchors_of(Trust((_openpgp(*keys),)), Moment(NOW))
    assert (anchor.state, anchor.expires) == (state, expires)


def test_a_weak_and_a_revoked_key_say_so() -> None:
    weak = replace(_key("B", revocation=STOLEN), type=KeyType(KeyFamily.RSA, 1024))
    (anchor,) = anchors_of(Trust((_openpgp(PRIMARY, weak),)), Moment(NOW))
    words = [each.english() for each in anchor.keys[1].notes]
    assert words == [
        "revoked on 2027-01-14: it may be in other hands",
        "RSA-1024 is too weak: nothing that it signs is trusted",
    ]


def test_the_inventory_names_what_rests_on_it(trust: TrustSource, file: Path) -> None:
    (anchor,) = asyncio.run(trustcases.pin(trust, _clock, _order(file), NotedLog().notes))
    seen = [_seen(n, Verdict.TRUSTED, anchors=(anchor.identity,)) for n in range(5)]
    words = [each.english() for each in trustcases.losses(anchor, (), seen)]
    assert words == [
        "Of what was verified lately, this rests on it: artifact 0, artifact 1, artifact 2 (+2).",
        "Everything that it signed or certified will be called not trusted.",
    ]


# ---- what was seen ------------------------------------------------------------------------------


def _seen(number: int, verdict: Verdict, **more: object) -> Seen:
    row = Seen(
        sha256(str(number).encode()).value,
        f"artifact {number}",
        "blob",
        verdict,
        Text("There is no signature."),
        NOW,
    )
    return replace(row, **more)  # type: ignore[arg-type]


def test_what_has_no_name_of_its_own_is_remembered_by_its_files_name() -> None:
    """Else one signed archive would end the doubt about every unsigned one."""
    blob = replace(windowdata.tarball_changed(), title="gzip data")
    assert seen(blob, NOW, by_pins=True).label == "acme-4.2.0.tar.gz"
    package = replace(blob, format="rpm", title="acme-4.2.0-1.x86_64")
    assert seen(package, NOW, by_pins=True).label == "acme-4.2.0-1.x86_64"


def test_it_remembers_newest_first_and_forgets_the_oldest(tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    rows = [_seen(n, Verdict.UNSIGNED) for n in range(MAX_SEEN + 10)]
    Sightings(path).add(rows)
    assert Sightings(path).all() == tuple(reversed(rows[10:]))
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_unsigned_one_is_forgotten_once_it_is_signed_and_a_changed_one_is_not(
    tmp_path: Path,
) -> None:
    sightings = Sightings(tmp_path / "seen.json")
    changed = _seen(2, Verdict.TAMPERED, label="artifact 1")
    sightings.add([_seen(1, Verdict.UNSIGNED), changed])
    signed = _seen(3, Verdict.TRUSTED, label="artifact 1")
    sightings.add([signed])
    assert sightings.all() == (signed, changed)
    sightings.forget([changed.sha256])
    assert sightings.all() == (signed,)
    sightings.put_back([changed, replace(signed, verdict=Verdict.UNSIGNED)])
    assert sightings.all() == (signed, changed)


@pytest.mark.expects_log("the record of verifications is forgotten")
@given(st.binary(max_size=200))
@example(b"")
@example(b"[" * 100_000)
def test_a_damaged_record_is_forgotten(bad: bytes) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "seen.json"
        path.write_bytes(bad)
        sightings = Sightings(path)
        assert sightings.all() == ()
        sightings.add([_seen(1, Verdict.UNSIGNED)])
        assert Sightings(path).all()[0].label == "artifact 1"
