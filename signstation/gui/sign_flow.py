"""What the Sign page knows, without Qt: artifacts, kinds, keys, and why a step is not ready.

One order is made per kind of artifact, so that each kind has the key and signature type that suit
it, and per chosen folder; the orders share a title and become one group in the queue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from signstation.app.difference import Difference
from signstation.jobs.stages import place_of
from signstation.model.artifacts import Finding, Inspection, Severity
from signstation.model.copies import CopiedIn
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyInfo, KeyState, SignatureType
from signstation.model.options import CONTENT, CONTENT_LEFT, Existing
from signstation.model.orders import PlanSummary, SignOrder, signing_format
from signstation.model.releases import Survey
from signstation.model.station import Inspected
from signstation.model.text import Text, text
from signstation.model.versions import Earlier

_SIGNING = {"sign", "code-signing", "kernel-modules"}
"""Usages of keys that may sign artifacts; a certify-only primary key has none of them."""
COMPARED = 8
"""Characters of the release digest that a person types to compare (DESIGN.md section 9)."""

SIGNATURES: dict[str, tuple[SignatureType, ...]] = {
    "kmod": (SignatureType.CMS,),
    "rpm": (SignatureType.OPENPGP,),
    "deb": (SignatureType.OPENPGP,),
    "debsource": (SignatureType.CLEARTEXT,),
    "aptrepo": (SignatureType.OPENPGP,),
    "rpmrepo": (SignatureType.OPENPGP,),
    "text": (SignatureType.CLEARTEXT,),
    "checksums": (SignatureType.OPENPGP, SignatureType.CLEARTEXT),
    "blob": (SignatureType.OPENPGP, SignatureType.CMS, SignatureType.SSHSIG),
}
"""Signature types that each format can carry, preferred first."""
CHANGED = frozenset({"kmod", "rpm", "deb"})
"""Formats whose files get other bytes by signing, so that digests of them are none any more."""
EVERY_TYPE = frozenset({"aptrepo"})
"""Formats that a key signs in all their forms: InRelease and Release.gpg are one choice."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One inspected file of the release."""

    path: Path
    inspection: Inspection
    difference: Difference | None = None
    earlier: Earlier | None = None
    clear: tuple[Finding, ...] = ()  # what is found when it is taken for a text

    def findings(self) -> tuple[Finding, ...]:
        """What the inspection found, and what changed since the earlier version."""
        changed = self.difference.findings if self.difference else ()
        return (*self.inspection.findings, *self.clear, *changed)

    def is_text(self) -> bool:
        """Whether it is a plain text, which can be signed in the clear."""
        names = {each.id for each in self.inspection.sections}
        return self.inspection.format == "blob" and "excerpt" in names


@dataclass(frozen=True, slots=True)
class Choice:
    """Which key signs a kind, and in which envelope; ``key`` None leaves the kind unsigned."""

    key: KeyInfo | None
    signature: SignatureType


@dataclass(slots=True)
class SignFlow:
    """State of one run through the Sign page; owned by the page, lives on the GUI thread.

    ``chosen`` is what the person named, ``paths`` what is signed: the same, or a private copy.
    """

    chosen: tuple[Path, ...] = ()
    paths: tuple[Path, ...] = ()
    copy: CopiedIn | None = None
    artifacts: list[Artifact] = field(default_factory=list)
    failures: list[Inspected] = field(default_factory=list)
    keys: tuple[KeyInfo, ...] = ()
    choices: dict[str, Choice] = field(default_factory=dict)
    hashes: dict[str, HashAlgorithm] = field(default_factory=dict)
    output: Path | None = None
    existing: Existing | None = None
    replace: bool = False
    typed: str = ""
    plans: tuple[PlanSummary, ...] = ()
    profile: str = ""
    listed: SignatureType | None = None  # set where a list of checksums was made to be signed so
    survey: Survey = field(default_factory=Survey)
    _left: frozenset[Path] = frozenset()
    _places: dict[Path, int] = field(default_factory=dict)

    def begin(self, paths: tuple[Path, ...]) -> None:
        """Start over with other paths; what was chosen for keys and output stays."""
        self.chosen = self.paths = paths
        self.copy = None
        self.artifacts.clear()
        self._places.clear()
        self.failures.clear()
        self.typed = ""
        self.plans = ()
        self.output = default_output(paths)
        self.listed = None
        self.surveyed(Survey())

    def surveyed(self, survey: Survey) -> None:
        """Take what the release is as a whole: packages that it leaves out are not signed."""
        self.survey = survey
        self._left = frozenset(survey.left)

    def sign_list(self, signature: SignatureType, *, replace: bool) -> None:
        """Sign the list that was made of a folder, in this envelope and there."""
        self.listed = signature
        self.replace = replace
        self.output = self.chosen[0].parent
        self.choices.pop("checksums", None)

    def folder(self) -> Path | None:
        """The folder that was chosen, where it is one and nothing else was; else None."""
        found = (*(a.path for a in self.artifacts), *(f.path for f in self.failures))
        inside = any(
            each.is_relative_to(root) and each != root for root in self.paths[:1] for each in found
        )
        return self.chosen[0] if inside and len(self.chosen) == 1 else None

    def take_copy(self, copy: CopiedIn) -> None:
        """Sign a private copy instead; what was refused is told like what cannot be read."""
        self.paths = copy.paths
        if copy.copied:
            self.copy = copy
            if self.listed is None:
                self.output = Path.home() / "signed" / self.title()
            self.failures.extend(
                Inspected(Path(each.path), error=each.error) for each in copy.refused
            )

    def add(self, inspected: Inspected) -> None:
        """Take one result of the inspection."""
        if inspected.inspection is None:
            self.failures.append(inspected)
        else:
            self._places[inspected.path] = len(self.artifacts)
            self.artifacts.append(Artifact(inspected.path, inspected.inspection))

    def compared(self, path: Path, difference: Difference, earlier: Earlier | None) -> None:
        """Take what changed since an earlier version of one artifact."""
        number = self._places.get(path)
        if number is not None:
            changed = replace(self.artifacts[number], difference=difference, earlier=earlier)
            self.artifacts[number] = changed

    def look_closer(self, inspected: Inspected) -> None:
        """Take what was found in a plain text that is to be signed in the clear."""
        number = self._places.get(inspected.path)
        if number is not None and inspected.inspection is not None:
            found = inspected.inspection.findings
            self.artifacts[number] = replace(self.artifacts[number], clear=found)

    def clear_texts(self) -> tuple[Path, ...]:
        """Plain texts that are to be signed in the clear; what was found in them is forgotten."""
        self.artifacts[:] = [
            replace(each, clear=()) if each.clear else each for each in self.artifacts
        ]
        choice = self.choices.get("blob")
        clear = choice and choice.key and choice.signature is SignatureType.CLEARTEXT
        return tuple(each.path for each in self.of_kind("blob")) if clear else ()

    def _signed(self) -> Iterator[Artifact]:
        """Artifacts but for those that the release as a whole leaves out."""
        return (each for each in self.artifacts if each.path not in self._left)

    def kinds(self) -> tuple[str, ...]:
        """Formats that were found, in alphabetical order."""
        return tuple(sorted({each.inspection.format for each in self._signed()}))

    def of_kind(self, kind: str) -> tuple[Artifact, ...]:
        """Artifacts of one format, by path."""
        found = [each for each in self._signed() if each.inspection.format == kind]
        return tuple(sorted(found, key=lambda each: each.path))

    def findings(self) -> tuple[tuple[Artifact, Finding], ...]:
        """Every finding with its artifact, blockers first."""
        order = (Severity.BLOCKER, Severity.WARNING, Severity.NOTE)
        found = [(each, finding) for each in self._signed() for finding in each.findings()]
        return tuple(sorted(found, key=lambda pair: order.index(pair[1].severity)))

    def offer(self, kind: str) -> tuple[Choice, ...]:
        """Keys that can sign a kind now, each with its envelope; active ones only."""
        wanted = list(SIGNATURES.get(kind, tuple(SignatureType)))
        if kind == "blob" and all(each.is_text() for each in self.of_kind(kind)):
            wanted.append(SignatureType.CLEARTEXT)
        if kind == "checksums":
            wanted.sort(key=lambda each: each is not self.listed)
        return tuple(
            Choice(key, signature)
            for signature in wanted
            for key in self.keys
            if key.state is KeyState.ACTIVE
            and signature in key.signature_types
            and (not key.usages or _SIGNING & set(key.usages))
        )

    def learn_keys(self, keys: tuple[KeyInfo, ...]) -> None:
        """Take the key list and propose the first suitable key where nothing was chosen."""
        self.keys = keys
        for kind in self.kinds():
            offers = self.offer(kind)
            chosen = self.choices.get(kind)
            if chosen is None or (chosen.key is not None and chosen not in offers):
                nothing = Choice(None, SIGNATURES.get(kind, (SignatureType.OPENPGP,))[0])
                self.choices[kind] = offers[0] if offers else nothing

    def set_output(self, typed: str) -> None:
        """Write results below this directory; a relative one is meant from the home directory."""
        self.output = Path.home() / Path(typed).expanduser() if typed else None

    def release_digest(self) -> str:
        """SHA-256 over the lines ``sha256  name`` of all artifacts in order: to be compared."""
        lines = sorted(
            f"{each.inspection.sha256.hex()}  {each.path.name}\n" for each in self._signed()
        )
        return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()

    def digest_compared(self) -> bool:
        """Whether the last characters of the digest were typed as they are."""
        return self.typed.replace(" ", "").lower() == self.release_digest()[-COMPARED:]

    def signing(self) -> tuple[str, ...]:
        """Kinds that have a key."""
        return tuple(
            kind for kind in self.kinds() if kind in self.choices and self.choices[kind].key
        )

    def orders(self) -> tuple[SignOrder, ...]:
        """One order per kind that has a key and chosen folder, whose structure it keeps."""
        return tuple(
            self._order(kind, root, paths)
            for kind in sorted(self.signing(), key=place_of)
            for root, paths in self._by_root(kind).items()
        )

    def _changing(self, kind: str) -> tuple[Path, ...]:
        """Return the files that other orders change, for what states digests of files."""
        kinds = [each for each in self.signing() if each in CHANGED and each != kind]
        return tuple(each.path for one in kinds for each in self.of_kind(one))

    def _by_root(self, kind: str) -> dict[Path | None, list[Path]]:
        """Paths of one kind by the chosen folder that they lie in; None for files by themselves."""
        found: dict[Path | None, list[Path]] = {}
        for each in self.of_kind(kind):
            above = (p for p in self.paths if p != each.path and each.path.is_relative_to(p))
            found.setdefault(next(above, None), []).append(each.path)
        return found

    def _order(self, kind: str, root: Path | None, paths: list[Path]) -> SignOrder:
        choice = self.choices[kind]
        if choice.key is None:
            raise ValueError(kind)
        return SignOrder(
            paths=tuple(paths),
            keys=(choice.key.key,),
            format=signing_format(kind, choice.signature.value),
            signature=None if kind in EVERY_TYPE else choice.signature.value,
            hash=self.hashes.get(kind),
            output=self.output,
            existing=self.existing,
            replace=self.replace,
            options=((CONTENT, CONTENT_LEFT),) if self.listed else (),
            title=self.title(),
            root=root,
            changing=self._changing(kind) if place_of(kind) else (),
        )

    def title(self) -> str:
        """The release's name: the chosen directory or the first file."""
        return self.chosen[0].name if self.chosen else ""

    def not_inspected(self) -> Text | None:
        """Why the Inspect step is not done, or None."""
        blockers = sum(f.severity is Severity.BLOCKER for _, f in self.findings())
        if blockers:
            return text(
                "Findings that forbid signing: {count}. Remove those files.", count=blockers
            )
        if any(each.forbids_all for each in self.survey.findings):
            return Text("A private key lies in the release. Take it out, and start over.")
        unfit = sum(f.finding.severity is Severity.BLOCKER for f in self.survey.findings)
        if unfit:
            words = "The release does not fit together, see there: {count}. Mend it, start over."
            return text(words, count=unfit)
        if not self.artifacts:
            return Text("There is nothing here that can be signed.")
        return None

    def not_keyed(self) -> Text | None:
        """Why the Keys step is not done, or None."""
        if not self.signing():
            return Text("Choose a key for at least one kind of artifact.")
        return None

    def not_reviewed(self) -> Text | None:
        """Why signing may not start, or None. Typing the digest is optional, but never wrong."""
        if not self.plans:
            return Text("The plan is being made.")
        if not any(plan.items for plan in self.plans):
            return Text("Every artifact was refused; the reasons are listed.")
        if self.typed and not self.digest_compared():
            return Text("The typed characters are not the end of the digest.")
        return None


def default_output(paths: tuple[Path, ...]) -> Path | None:
    """``signed`` beside the first path, as the command line does it."""
    return paths[0].parent / "signed" if paths else None
