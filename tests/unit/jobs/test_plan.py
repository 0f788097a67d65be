"""Planning: which key makes which signature, whereto, and what is foretold or refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.codec.request import parse_request
from signstation.errors import (
    CertificateMismatch,
    CertificateMissing,
    KeyNotFound,
    SchemeUnsupported,
    SignstationError,
    UsageError,
)
from signstation.jobs.candidates import Candidate
from signstation.jobs.draft import Draft
from signstation.jobs.examine import UNREAD_FROM, Examined
from signstation.jobs.foretell import foretell
from signstation.jobs.sealed import SealedPlan
from signstation.jobs.slots import choose_slots
from signstation.jobs.targets import StagingPlaces, suffix_of, targets_of
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import (
    KeyFamily,
    KeyRef,
    KeyType,
    OpenPgpProfile,
    Protection,
    Scheme,
    SignatureType,
    SignerProfile,
)
from signstation.model.options import Existing, resolve
from signstation.model.orders import Destination, PlanSummary, SignOrder
from signstation.model.requests import OutputMode
from signstation.reports.messages import explain
from tests.support.engine import CALLER, FORMATS, local_station
from tests.support.release import Release, key_file, refusals, release
from tests.support.x509 import identity, profile

RSA = (Scheme.RSA_PKCS1_SHA256, Scheme.RSA_PKCS1_SHA384, Scheme.RSA_PKCS1_SHA512)
OPENPGP = OpenPgpProfile("A" * 40, "A" * 40, 1, 1, "a", b"")
PGP = SignerProfile(
    key=KeyRef("gpg", "A" * 40),
    label="a",
    type=KeyType(KeyFamily.RSA, 4096),
    spki=b"",
    protection=Protection.SOFTWARE,
    schemes=RSA,
    prompts=True,
    openpgp=OPENPGP,
)
EDDSA = replace(PGP, type=KeyType(KeyFamily.ED25519), schemes=(Scheme.ED25519,))


def options(format_id: str, **given: str) -> tuple[tuple[str, str], ...]:
    """Resolve a format's options."""
    return resolve(FORMATS[format_id].options, given)


# --- keys and signatures -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signer", "wanted", "scheme", "envelope"),
    [
        (PGP, None, Scheme.RSA_PKCS1_SHA256, HashAlgorithm.SHA256),
        (PGP, HashAlgorithm.SHA512, Scheme.RSA_PKCS1_SHA512, HashAlgorithm.SHA512),
        (EDDSA, HashAlgorithm.SHA384, Scheme.ED25519, HashAlgorithm.SHA384),
        (
            replace(PGP, schemes=(Scheme.RSA_PKCS1_SHA512,)),
            None,
            Scheme.RSA_PKCS1_SHA512,
            HashAlgorithm.SHA512,
        ),
    ],
)
def test_the_scheme_follows_from_key_and_hash(
    signer: SignerProfile, wanted: HashAlgorithm | None, scheme: Scheme, envelope: HashAlgorithm
) -> None:
    (slot,) = choose_slots(FORMATS["blob"], [signer], None, wanted, options("blob"))
    assert (slot.kind, slot.scheme, slot.hash) == (SignatureType.OPENPGP, scheme, envelope)


def test_each_key_serves_what_it_can() -> None:
    """An OpenPGP key leaves modules to the X.509 key; a file gets both."""
    x509 = profile(identity())
    module = choose_slots(FORMATS["kmod"], [PGP, x509], None, None, options("kmod"))
    assert [slot.signer for slot in module] == [x509]
    both = choose_slots(FORMATS["blob"], [PGP, x509], None, None, options("blob"))
    assert [slot.kind for slot in both] == [SignatureType.OPENPGP, SignatureType.CMS]
    one = choose_slots(FORMATS["blob"], [PGP, x509], SignatureType.CMS, None, options("blob"))
    assert [slot.signer for slot in one] == [x509]


@pytest.mark.parametrize(
    ("format_id", "signers", "wanted", "error"),
    [
        ("kmod", [PGP], None, CertificateMissing),
        ("blob", [replace(PGP, openpgp=None)], None, CertificateMissing),
        ("blob", [replace(PGP, schemes=RSA[:1])], HashAlgorithm.SHA512, SchemeUnsupported),
        ("kmod", [profile(identity("ed25519"))], None, SchemeUnsupported),
        ("kmod", [profile(identity()), profile(identity("rsa3072"))], None, UsageError),
    ],
)
def test_what_cannot_be_signed_is_refused_beforehand(
    format_id: str,
    signers: list[SignerProfile],
    wanted: HashAlgorithm | None,
    error: type[SignstationError],
) -> None:
    with pytest.raises(error):
        choose_slots(FORMATS[format_id], signers, None, wanted, options(format_id))


def test_an_ssh_key_refuses_a_hash_that_its_signatures_do_not_know() -> None:
    """Refused while planning, before a key is used; the sentence names both."""
    key = replace(EDDSA, key=KeyRef("ssh", "SHA256:x"), openpgp=None, ssh=None)
    for good in (HashAlgorithm.SHA256, HashAlgorithm.SHA512):
        (slot,) = choose_slots(FORMATS["blob"], [key], None, good, options("blob"))
        assert (slot.kind, slot.hash) == (SignatureType.SSHSIG, good)
    with pytest.raises(SchemeUnsupported) as refused:
        choose_slots(FORMATS["blob"], [key], None, HashAlgorithm.SHA384, options("blob"))
    assert explain(refused.value).what.english() == (
        "The key ssh:SHA256:x cannot make this signature: SSH with SHA-384."
    )


# --- places ------------------------------------------------------------------------------------


def test_names_of_results() -> None:
    assert suffix_of(SignatureType.OPENPGP, options("blob")) == ".asc"
    assert suffix_of(SignatureType.OPENPGP, options("blob", armor="no")) == ".sig"
    assert suffix_of(SignatureType.CMS, ()) == ".p7s"
    slots = choose_slots(
        FORMATS["blob"], [PGP, EDDSA, profile(identity())], None, None, options("blob")
    )
    found = targets_of(FORMATS["blob"], slots, options("blob", content="leave"), "a/b.tar")
    assert [target.name for target in found] == ["a/b.tar.asc", "a/b.tar.p7s"]
    module = targets_of(FORMATS["kmod"], slots, options("kmod"), "a/b.ko")
    assert [target.name for target in module] == ["a/b.ko"]


def test_staging_is_on_the_file_system_of_the_target(tmp_path: Path) -> None:
    places = StagingPlaces("x")
    assert places.place(tmp_path, "sub/deep/a") == tmp_path / ".signstation-x"
    assert places.place(Path("/"), "proc/self/a") == Path("/proc/self/.signstation-x")


# --- whole plans -------------------------------------------------------------------------------


def plan_of(
    home: Path, order: SignOrder, look: Callable[[SealedPlan], None] = lambda _: None
) -> PlanSummary:
    """Plan with workers in this process; ``look`` is shown what was sealed."""

    async def work() -> PlanSummary:
        async with local_station(home) as station:
            summary = await station.runner.plan(order, CALLER)
            if summary.id:
                look(station.runner._plans[summary.id])
            return summary

    return asyncio.run(work())


@pytest.fixture
def goods(tmp_path: Path) -> Release:
    """Make a release with a file that no format recognises."""
    made = release(tmp_path)
    (made.directory / "NOTES").write_text("notes\n")
    return made


def test_a_plan_says_what_will_happen(tmp_path: Path, goods: Release) -> None:
    def look(plan: SealedPlan) -> None:
        request = plan.signing.request
        assert parse_request(plan.signing.data) == request
        assert [item.name for item in request.items] == ["m0.ko", "m1.ko", "sub/m2.ko"]
        assert {item.output_mode for item in request.items} == {OutputMode.DIRECTORY}
        assert all(len(item.sha256) == 64 for item in request.items)
        assert request.signing_time == request.created

    summary = plan_of(tmp_path / "home", goods.order, look)
    assert [item.path.name for item in summary.items] == ["m0.ko", "m1.ko", "m2.ko"]
    assert summary.skipped == (goods.directory / "NOTES",)
    assert summary.refused == ()
    assert summary.items[2].outputs == (goods.output / "sub/m2.ko",)
    assert summary.items[0].slots == (f"cms · RSA-2048 · SHA-256 by {goods.key}",)
    assert summary.key_operations == 3
    assert summary.prompts == ()
    assert "no passphrase" in summary.warnings[0]
    assert not goods.output.exists()


def test_orders_are_carried_into_the_request(tmp_path: Path, goods: Release) -> None:
    def look(plan: SealedPlan) -> None:
        assert plan.signing.request.signing_time == 1_700_000_000
        assert plan.signing.request.purpose == plan.title == "release 1"
        (item,) = plan.signing.request.items
        assert item.options == (("certificate", "no"), ("existing", "refuse"))
        assert item.slots[0].hash == "sha512"
        assert plan.signing.replace

    order = replace(
        goods.order,
        paths=(goods.directory / "m0.ko",),
        time=1_700_000_000,
        hash=HashAlgorithm.SHA512,
        existing=Existing.REFUSE,
        options=(("certificate", "no"),),
        title="release 1",
        replace=True,
    )
    assert plan_of(tmp_path / "home", order, look).id


def test_results_go_beside_the_first_path_by_default(tmp_path: Path, goods: Release) -> None:
    order = replace(goods.order, output=None, paths=(goods.directory / "sub/m2.ko",))
    (item,) = plan_of(tmp_path / "home", order).items
    assert item.outputs == (goods.directory / "sub/signed/m2.ko",)


def test_a_directory_is_not_searched_for_what_it_was_signed_into(
    tmp_path: Path, goods: Release
) -> None:
    output = goods.directory / "out"
    output.mkdir()
    (output / "old.ko").write_bytes((goods.directory / "m0.ko").read_bytes())
    (goods.directory / ".signstation-1").mkdir()
    (goods.directory / ".signstation-1/m.ko").write_bytes(b"half")
    summary = plan_of(tmp_path / "home", replace(goods.order, output=output))
    assert [item.path.name for item in summary.items] == ["m0.ko", "m1.ko", "m2.ko"]


def test_any_file_is_signed_when_a_person_says_so(tmp_path: Path, goods: Release) -> None:
    blob = replace(goods.order, format="blob")
    assert len(plan_of(tmp_path / "home", blob).items) == 4
    named = replace(goods.order, paths=(goods.directory / "NOTES",))
    (item,) = plan_of(tmp_path / "home", named).items
    assert item.format == "blob"
    only = plan_of(tmp_path / "home", replace(goods.order, format="kmod"))
    assert [item.format for item in only.items] == ["kmod"] * 3
    assert only.skipped == (goods.directory / "NOTES",)


def test_a_named_file_of_another_format_is_refused_by_itself(
    tmp_path: Path, goods: Release
) -> None:
    order = replace(
        goods.order,
        paths=(goods.directory / "NOTES", goods.directory / "m0.ko", tmp_path / "no"),
        format="kmod",
    )
    summary = plan_of(tmp_path / "home", order)
    assert [item.path.name for item in summary.items] == ["m0.ko"]
    assert refusals(summary) == {"NOTES": "input.malformed", "no": "input.missing"}
    for refused in summary.refused:
        assert json.loads(refused.error)["fields"]["path"] == str(refused.path)


def test_a_large_file_is_not_read_for_the_plan(tmp_path: Path, goods: Release) -> None:
    large = tmp_path / "large.iso"
    large.touch()
    with large.open("r+b") as file:
        file.truncate(UNREAD_FROM)

    def look(plan: SealedPlan) -> None:
        assert plan.signing.request.items[0].sha256 == ""

    (item,) = plan_of(tmp_path / "home", replace(goods.order, paths=(large,)), look).items
    assert (item.format, item.size, item.title) == ("blob", UNREAD_FROM, "large.iso")


def test_a_plan_without_anything_to_sign_has_no_id(tmp_path: Path, goods: Release) -> None:
    summary = plan_of(tmp_path / "home", replace(goods.order, paths=(tmp_path / "no",)))
    assert summary.id == ""
    assert refusals(summary) == {"no": "input.missing"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"paths": ()}, UsageError),
        ({"keys": ()}, UsageError),
        ({"keys": (KeyRef("file", "/no/key.pem"),) * 33}, UsageError),
        ({"keys": (KeyRef("file", "/no/key.pem"),)}, KeyNotFound),
        ({"format": "elf"}, UsageError),
        ({"signature": "pgp"}, UsageError),
        ({"destination": Destination.IN_PLACE}, UsageError),
    ],
)
def test_contradictory_orders_are_refused(
    tmp_path: Path, goods: Release, change: dict[str, object], error: type[SignstationError]
) -> None:
    with pytest.raises(error):
        plan_of(tmp_path / "home", replace(goods.order, **change))  # type: ignore[arg-type]


def test_a_key_is_used_once_however_often_it_is_named(tmp_path: Path, goods: Release) -> None:
    summary = plan_of(tmp_path / "home", replace(goods.order, keys=(goods.key, goods.key)))
    assert summary.key_operations == 3


def test_a_certificate_belongs_to_one_of_several_keys(tmp_path: Path, goods: Release) -> None:
    other = key_file(tmp_path / "other.pem", "rsa3072")
    end = b"-----END PRIVATE KEY-----\n"
    certificate = tmp_path / "certificate.pem"
    for path in (tmp_path / "key.pem", tmp_path / "other.pem"):
        key, _, content = path.read_bytes().partition(end)
        if path.name == "other.pem":
            path.write_bytes(key + end)
            certificate.write_bytes(content)
    order = replace(
        goods.order,
        keys=(goods.key, other),
        certificates=(certificate,),
        paths=(goods.directory / "NOTES",),
    )
    assert plan_of(tmp_path / "home", order).key_operations == 2
    without = plan_of(tmp_path / "home", replace(order, keys=(other,), certificates=()))
    assert refusals(without) == {"NOTES": "key.certificate-missing"}
    bare = key_file(tmp_path / "bare.pem", "rsa4096")
    (tmp_path / "bare.pem").write_bytes(
        (tmp_path / "bare.pem").read_bytes().partition(end)[0] + end
    )
    assert plan_of(tmp_path / "home", replace(order, keys=(other, bare))).key_operations == 1
    with pytest.raises(CertificateMismatch):
        plan_of(tmp_path / "home", replace(order, keys=(bare,)))


def test_plans_are_kept_for_their_caller_and_not_for_ever(
    tmp_path: Path, goods: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signstation.jobs.runner.MAX_PLANS", 2)

    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            order = replace(goods.order, paths=(goods.directory / "m0.ko",))
            first = await station.runner.plan(order, CALLER)
            with pytest.raises(UsageError):
                await station.runner.submit(first.id, replace(CALLER, uid=CALLER.uid + 1))
            await station.runner.plan(order, CALLER)
            last = await station.runner.plan(order, CALLER)
            with pytest.raises(UsageError):
                await station.runner.submit(first.id, CALLER)
            job = await station.runner.submit(last.id, CALLER)
            with pytest.raises(UsageError):
                await station.runner.submit(last.id, CALLER)
            await station.runner.wait(job)

    asyncio.run(work())


def test_prompts_and_idle_keys_are_foretold() -> None:
    slots = choose_slots(FORMATS["blob"], [PGP], None, None, options("blob"))
    found = foretell([PGP, replace(EDDSA, key=KeyRef("gpg", "B" * 40))], [(10, slots)] * 5)
    assert found.operations == 5
    assert [prompt.name for prompt in found.prompts] == [f"passphrase gpg:{'A' * 40}"]
    assert found.warnings == (f"gpg:{'B' * 40} signs nothing here",)
    token = replace(PGP, protection=Protection.TOKEN)
    slow = choose_slots(FORMATS["blob"], [token], None, None, options("blob"))
    assert foretell([token], [(10, slow)] * 5).seconds > found.seconds


def test_a_plan_says_once_what_a_format_warns_of(tmp_path: Path) -> None:
    """Only for the artifacts that are planned, and not for each."""
    ecdsa = replace(
        PGP,
        type=KeyType(KeyFamily.P256, 256),
        schemes=(Scheme.ECDSA_SHA256,),
        openpgp=replace(OPENPGP, algorithm=19),  # RFC 9580 9.1
    )
    order = SignOrder((tmp_path,), (ecdsa.key,), output=tmp_path / "out")

    def planned(format_id: str) -> tuple[str, ...]:
        draft = Draft(order, FORMATS, [ecdsa], "0" * 32)
        found = [Candidate(tmp_path, name, named=True) for name in ("a", "b")]
        draft.take([Examined(each, format_id, 100, None, 1) for each in found])
        plan = draft.seal(CALLER, 1)
        assert isinstance(plan, SealedPlan)
        assert len(plan.summary.items) == 2
        return plan.summary.warnings

    (told,) = planned("rpm")
    assert "RPM 4.18" in told
    assert planned("blob") == ()
