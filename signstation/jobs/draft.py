"""An order on its way to a sealed plan: what is signed how and whereto, and what is refused."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from signstation.codec.plain import canonical, to_plain
from signstation.codec.request import build_request
from signstation.errors import OutputClash, PolicyRefused, SignstationError, UsageError
from signstation.interfaces.format import Cautious, Format
from signstation.jobs.candidates import Candidate, Skipped
from signstation.jobs.examine import Examined, PassedOver, located, refuse_hard_links
from signstation.jobs.foretell import Foretold, foretell
from signstation.jobs.release import (
    Reading,
    Signed,
    changes,
    foreseen,
    is_blocker,
    signed_by_others,
    stale,
    worst_first,
)
from signstation.jobs.sealed import SealedPlan, Signing, StepPlan
from signstation.jobs.slots import choose_slots
from signstation.jobs.stages import place_of, stage_of
from signstation.jobs.targets import (
    StagingPlaces,
    check_free,
    clashes,
    content_of,
    output_root,
    targets_of,
)
from signstation.model.artifacts import Inspection
from signstation.model.keys import SignatureType, SignerProfile, Slot
from signstation.model.options import CONTENT, Options, resolve
from signstation.model.orders import Destination, PlannedItem, PlanSummary, Refusal, SignOrder
from signstation.model.releases import CoveredFile, ReleaseFinding
from signstation.model.requests import (
    COMPRESSION,
    VERSION,
    OutputMode,
    Request,
    RequestItem,
    RequestSigner,
    RequestSlot,
)
from signstation.model.station import Caller

VALID_SECONDS = 7 * 86400
"""How long a request may be signed: a week, so that a job can be resumed after a weekend."""
MAX_FACT = 1024
"""Longest text of one fact in a request, in characters; the review page shows the whole."""


@dataclass(frozen=True, slots=True)
class _Item:
    """An artifact with its signatures and targets; ``outputs`` are the targets' paths."""

    examined: Examined
    slots: tuple[Slot, ...]
    options: Options
    plan: StepPlan
    outputs: tuple[Path, ...]


def signature_type(name: str) -> SignatureType:
    """Return the signature type of that name. Raises UsageError."""
    try:
        return SignatureType(name)
    except ValueError as error:
        raise UsageError(reason=f"there is no signature type {name}") from error


class Draft:
    """Collects items and refusals of one order and seals them."""

    def __init__(
        self,
        order: SignOrder,
        formats: Mapping[str, Format],
        profiles: Sequence[SignerProfile],
        nonce: str,
    ) -> None:
        self._order = order
        self._formats = formats
        self._profiles = tuple(profiles)
        self._nonce = nonce
        self._places = StagingPlaces(nonce[:12])
        self._chosen: dict[tuple[str, Options], tuple[Slot, ...]] = {}
        self._items: list[_Item] = []
        self._refused: list[Refusal] = []
        self._skipped: list[Path] = []
        self._signed: list[Path] = []
        self._made: set[Path] = set()  # beside artifacts of the order
        self._covered: tuple[CoveredFile, ...] = ()
        self._findings: tuple[ReleaseFinding, ...] = ()

    def take_skipped(self, found: Iterable[Skipped]) -> None:
        """Take what a walk left out."""
        for each in found:
            if each.error is None:
                self._skipped.append(each.path)
            else:
                self._refuse(each.path, each.error)

    def take(
        self, results: Sequence[Examined | PassedOver], reading: Reading | None = None
    ) -> None:
        """Take what was examined; an artifact that cannot be signed is refused by itself.

        What is signed already is left out, and of archives the packages.
        """
        reading = reading or Reading()
        left = reading.left if self._order.format is None else frozenset()
        artifacts = {each.candidate.path for each in results if isinstance(each, Examined)}
        for each in results:
            try:
                if isinstance(each, Examined):
                    if each.candidate.path not in left:
                        self._take(self._item(each), artifacts, reading.signed)
                elif each.error is None:
                    self._skipped.append(each.candidate.path)
                else:
                    self._refuse(each.candidate.path, each.error)
            except SignstationError as error:
                self._refuse(each.candidate.path, located(error, each.candidate))
        self._leave_out_results()
        self._refuse_clashes()
        self._covered = tuple(each for each in reading.covered if each.path in left)
        self._heed(reading, results)

    def _take(self, item: _Item, artifacts: Set[Path], signed: frozenset[Path]) -> None:
        """Take an artifact unless it is signed, with all that would be made beside it."""
        plan = item.plan
        beside = {plan.root / each.name for each in plan.targets if each.suffix}
        whole = all(path.exists() for path in beside) and beside & artifacts <= signed
        if plan.path in signed and whole:
            self._signed.append(plan.path)
            self._made.update(beside)
            return
        check_free(plan, item.outputs, replace=self._order.replace)
        self._items.append(item)
        self._made.update(beside)

    def _heed(self, reading: Reading, results: Sequence[Examined | PassedOver]) -> None:
        """Refuse what does not fit in the release as a whole."""
        signing = [
            Signed(
                each.examined,
                each.options,
                tuple(str(slot.signer.key) for slot in each.slots),
                each.plan,
                changes(self._formats[each.plan.format], each.plan),
            )
            for each in self._items
        ]
        self._findings = worst_first(
            *reading.findings,
            *foreseen(self._formats, signing, results, reading.time),
            *stale(signing, results, self._order.changing),
            *signed_by_others(signing, self._profiles),
        )
        planned = {each.plan.path for each in self._items}
        for found in self._findings:
            if found.forbids_all or (is_blocker(found) and found.path in planned):
                planned.discard(found.path)
                finding = found.finding
                refusal = PolicyRefused(rule=finding.code, reason=finding.text.english())
                self._refuse(found.path, refusal)
        if any(each.forbids_all for each in self._findings):
            planned.clear()
        kept = (each for each in self._items if each.plan.path in planned)
        self._items = sorted(kept, key=lambda each: place_of(each.plan.format))

    def _leave_out_results(self) -> None:
        """Leave out what this order makes anew of another artifact: InRelease beside Release."""
        made = self._made
        self._skipped += [item.plan.path for item in self._items if item.plan.path in made]
        self._items = [item for item in self._items if item.plan.path not in made]
        self._refused = [each for each in self._refused if each.path not in made]

    def _item(self, examined: Examined) -> _Item:
        order, candidate = self._order, examined.candidate
        format_ = self._formats[examined.format]
        root = output_root(order, candidate.root)
        given = self._given(format_, root, candidate)
        if examined.inspection is not None:
            given |= dict(examined.inspection.options)
        options = resolve(format_.options, given)
        slots = self._slots(format_, options)
        targets = targets_of(format_, slots, options, candidate.name)
        plan = StepPlan(
            root=candidate.root,
            name=candidate.name,
            title=_text(examined.title),
            format=examined.format,
            size=examined.size,
            target_root=root,
            targets=targets,
            staging=self._places.place(root, targets[0].name),
        )
        if order.destination is Destination.IN_PLACE and not format_.siblings():
            refuse_hard_links(examined)
        outputs = tuple(root / target.name for target in targets)
        return _Item(examined, slots, options, plan, outputs)

    def _slots(self, format_: Format, options: Options) -> tuple[Slot, ...]:
        """Choose slots, once for all artifacts of a format with the same options."""
        order, place = self._order, (format_.id, options)
        known = self._chosen.get(place)
        if known is None:
            kind = None if order.signature is None else signature_type(order.signature)
            known = choose_slots(format_, self._profiles, kind, order.hash, options)
            self._chosen[place] = known
        return known

    def _given(self, format_: Format, root: Path, candidate: Candidate) -> dict[str, str]:
        """Return the order's options that this format declares; the others are for others."""
        declared = {field.name for field in format_.options}
        given = {name: value for name, value in self._order.options if name in declared}
        if self._order.existing is not None and "existing" in declared:
            given["existing"] = self._order.existing.value
        if CONTENT in declared:
            target = root / candidate.name
            given[CONTENT] = content_of(self._order, target, candidate.path)
        return given

    def _refuse_clashes(self) -> None:
        twice = clashes(item.outputs for item in self._items)
        kept: list[_Item] = []
        for item in self._items:
            clash = twice.intersection(item.outputs)
            if clash:
                self._refuse(item.plan.path, OutputClash(path=str(min(clash))))
            else:
                kept.append(item)
        self._items = kept

    def _refuse(self, path: Path, error: SignstationError) -> None:
        self._refused.append(Refusal(path, json.dumps(error.to_wire())))

    def seal(self, caller: Caller, now: int) -> SealedPlan | PlanSummary:
        """Fix everything that the signatures depend on."""
        foretold = foretell(self._profiles, [(i.examined.size, i.slots) for i in self._items])
        if not self._items:
            return self._summary("", foretold)
        request = self._request(caller, now)
        data = build_request(request)
        signing = Signing(request, data, self._profiles, caller, replace=self._order.replace)
        return SealedPlan(
            title=self._order.title or self._order.paths[0].name,
            signing=signing,
            steps=tuple(item.plan for item in self._items),
            summary=self._summary(sha256(data).hexdigest(), foretold),
            checkpoint=self._result_folder(),
        )

    def _result_folder(self) -> Path | None:
        """Return the separate directory of the results; None where they come beside originals."""
        order = self._order
        if not order.checkpoint or order.destination is Destination.IN_PLACE:
            return None
        folder = output_root(order, order.paths[0])
        originals = {
            each for item in self._items for each in (item.plan.root, item.plan.path.parent)
        }
        beside = folder.resolve() in {each.resolve() for each in originals}
        return None if beside else folder

    def _request(self, caller: Caller, now: int) -> Request:
        signers = tuple(
            RequestSigner(
                str(p.key), p.spki_sha256.hex(), sha256(canonical(to_plain(p))).hexdigest()
            )
            for p in self._profiles
        )
        return Request(
            version=VERSION,
            nonce=self._nonce,
            created=now,
            not_after=now + VALID_SECONDS,
            signing_time=now if self._order.time is None else self._order.time,
            seed=secrets.token_hex(16),
            requester=f"uid {caller.uid}",
            purpose=_text(self._order.title),
            policy_sha256=sha256(b"").hexdigest(),
            approvals=0,
            signers=signers,
            items=tuple(self._request_item(item) for item in self._items),
        )

    def _request_item(self, item: _Item) -> RequestItem:
        examined, order = item.examined, self._order
        inspection = examined.inspection
        findings = inspection.findings if inspection else ()
        facts = (
            ("title", _text(examined.title)),
            *((_text(each.code), _text(each.text.english())) for each in findings),
            *_compression(inspection),
        )
        return RequestItem(
            name=item.plan.name,
            format=examined.format,
            rules=self._formats[examined.format].rules,
            size=examined.size,
            sha256=inspection.sha256.hex() if inspection else "",
            options=item.options,
            facts=facts,
            slots=tuple(self._request_slot(slot) for slot in item.slots),
            output_mode=(
                OutputMode.IN_PLACE
                if order.destination is Destination.IN_PLACE
                else OutputMode.DIRECTORY
            ),
            output=item.plan.targets[0].name,
        )

    def _request_slot(self, slot: Slot) -> RequestSlot:
        signer = self._profiles.index(slot.signer)
        return RequestSlot(signer, slot.kind.value, slot.scheme.value, slot.hash.value)

    def _cautions(self) -> tuple[str, ...]:
        """Say, once each, what the formats have to say of the signatures that are planned."""
        planned = dict.fromkeys((item.examined.format, item.options) for item in self._items)
        found: dict[str, None] = {}
        for format_id, options in planned:
            format_, slots = self._formats[format_id], self._chosen[format_id, options]
            if isinstance(format_, Cautious):
                found |= dict.fromkeys(each.english() for each in format_.cautions(slots, options))
        return tuple(found)

    def _summary(self, ident: str, foretold: Foretold) -> PlanSummary:
        return PlanSummary(
            id=ident,
            items=tuple(_planned(item) for item in self._items),
            refused=tuple(self._refused),
            skipped=tuple(self._skipped),
            key_operations=foretold.operations,
            prompts=foretold.prompts,
            seconds=foretold.seconds,
            warnings=(*foretold.warnings, *self._cautions()),
            findings=self._findings,
            covered=self._covered,
            signed=tuple(self._signed),
        )


def _compression(inspection: Inspection | None) -> Iterator[tuple[str, str]]:
    """Tell how an artifact is compressed as a whole: it is signed inside."""
    if inspection is not None and inspection.compression is not None:
        yield COMPRESSION, inspection.compression.value


def _planned(item: _Item) -> PlannedItem:
    inspection = item.examined.inspection
    return PlannedItem(
        path=item.plan.path,
        title=item.examined.title,
        format=item.examined.format,
        size=item.examined.size,
        slots=tuple(
            f"{slot.kind.value} · {slot.signer.type.title} · {slot.hash.title} by {slot.signer.key}"
            for slot in item.slots
        ),
        outputs=item.outputs,
        findings=len(inspection.findings) if inspection else 0,
        stage=stage_of(item.plan.format),
    )


def profile_sha256(profile: SignerProfile) -> str:
    """Return the hash by which a request names everything that is known of a signer (hex)."""
    return sha256(canonical(to_plain(profile))).hexdigest()


def _text(value: str) -> str:
    """Clip untrusted text and make it storable: half surrogates become escapes."""
    return value[:MAX_FACT].encode("utf-8", "backslashreplace").decode()
