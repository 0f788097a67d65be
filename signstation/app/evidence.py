"""The evidence of a release: one folder by which others can check it without this station.

It is made beside its place and gets its name when it is whole. What could not be made (a picture,
a check that no consumer's tool can do) is a finding, told and written down, never left out
silently.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from signstation.app.audit_export import VERIFIER_PROGRAM
from signstation.app.auditing import sign_object
from signstation.app.durable import write_file
from signstation.app.evidence_checks import script_parts, unproven
from signstation.app.evidence_files import anchors_of, listed, signature_lines
from signstation.app.evidence_keys import public_keys
from signstation.app.evidence_proofs import Proofs, gather_proofs
from signstation.app.examine import Examiner
from signstation.app.trust import TrustSource
from signstation.errors import OutputExists, SignstationError, UsageError
from signstation.model.checks import Verdict, Verification
from signstation.model.evidence import Evidence, EvidenceOrder
from signstation.model.orders import VerifyOrder
from signstation.model.station import VerifiedPath
from signstation.model.text import Text
from signstation.model.trust import Trust
from signstation.reports.evidence_script import ListedFile, Refusal, verify_script
from signstation.reports.html import report_html
from signstation.reports.language import translated, translator
from signstation.reports.verification import SCHEMA, verification_json
from signstation.reports.words import show
from signstation.system.files import open_root, shown, writing
from signstation.system.files_publish import rename_into
from signstation.system.programs import Programs
from signstation.system.resources import resource

TITLE = Text("Evidence of a release")
REPORT = "report.json"
SIGNATURE = "report.json.ed25519"
"""The audit key's signature of the report: 64 bytes (RFC 8032), as ``openssl pkeyutl`` takes it."""
SCRIPT = "verify.sh"
PRINTER = "signstation.gui.report_print"
"""Program that draws the report; only it needs Qt."""
PRINT_SECONDS = 120.0
"""Seconds that drawing may take: a report of 1,000 artifacts takes about ten."""
MAX_WORDS = 400
"""Most characters of a program's complaint that are told."""


@dataclass(frozen=True, slots=True)
class EvidenceCases:
    """Gathers evidence. Lives on the runner's event loop.

    ``state`` is where the audit log lies; ``home`` is HOME of programs.
    """

    examiner: Examiner
    trust: TrustSource
    clock: Callable[[], int]
    state: Path
    home: Path

    async def gather(self, order: EvidenceOrder) -> Evidence:
        """Verify everything and write the folder.

        Raises OutputExists, UsageError (no artifacts, or the folder lies in the release), the
        errors of reading, LimitReached, DiskFull and NotWritable; then nothing is left.
        """
        if os.path.lexists(order.output):
            raise OutputExists(path=shown(order.output))
        if order.output.is_relative_to(order.directory):
            raise UsageError(reason="the evidence cannot lie in the release that it is about")
        results: list[VerifiedPath] = []

        async def keep(result: VerifiedPath) -> None:
            await asyncio.sleep(0)
            results.append(result)

        await self.examiner.verify(VerifyOrder((order.directory,)), keep)
        verified = tuple(each.verification for each in results if each.verification is not None)
        if not verified:
            raise UsageError(reason=f"{shown(order.directory)} holds nothing that can be verified")
        failed = tuple(each for each in results if each.error is not None)
        trust = anchors_of(await self.trust.trust(()), verified)
        folder = Folder(order, verified, failed, trust, self.clock(), self.state, self.home)
        return await asyncio.to_thread(folder.write)


@dataclass(slots=True)
class Folder:
    """One folder of evidence; ``write`` blocks: call it in a thread."""

    order: EvidenceOrder
    verified: tuple[Verification, ...]
    failed: tuple[VerifiedPath, ...]
    trust: Trust
    now: int
    state: Path
    home: Path

    def write(self) -> Evidence:
        """Write all files beside the place, then give the folder its name."""
        parent = self.order.output.parent
        with writing(parent):
            parent.mkdir(parents=True, exist_ok=True)
            area = Path(tempfile.mkdtemp(prefix=f".{self.order.output.name[:64]}-", dir=parent))
        try:
            findings = tuple(self._fill(area))
            findings_text = "".join(f"{each}\n" for each in findings) or "None.\n"
            write_file(area / "FINDINGS.txt", findings_text.encode(), mode=0o644)
            names = sorted(
                each.relative_to(area).as_posix() for each in area.rglob("*") if each.is_file()
            )
            with writing(area):
                area.chmod(0o755)
            at = open_root(parent)
            try:
                rename_into(
                    (at, area.name), (at, self.order.output.name), self.order.output, replace=False
                )
            finally:
                os.close(at)
        finally:
            shutil.rmtree(area, ignore_errors=True)
        good = sum(each.verdict is Verdict.TRUSTED for each in self.verified)
        return Evidence(
            self.order.output, len(self.verified) + len(self.failed), good, tuple(names), findings
        )

    def _fill(self, area: Path) -> Iterator[str]:
        """Write everything and yield what is lacking."""
        files = listed(self.order.directory)
        proofs = gather_proofs(self.state, files)
        report = (json.dumps(self._report(proofs), indent=1) + "\n").encode()
        signature, audit_key = sign_object(self.state, report)
        keys = public_keys(self.trust, audit_key, proofs.verifier)
        _put(area / REPORT, report)
        _put(area / SIGNATURE, signature)
        _put(area / "report.html", self._page().encode())
        _put(area / "signatures.tsv", signature_lines(self.order.directory, self.verified))
        _put(area / VERIFIER_PROGRAM, resource("verify", VERIFIER_PROGRAM).read_bytes())
        for name, content in proofs.contents.items():
            _put(area / name, content)
        with writing(area / "keys"):
            (area / "keys").mkdir(mode=0o755)
        for name, content in keys.contents.items():
            _put(area / "keys" / name, content)
        yield from keys.findings
        yield from self._script(area, files, proofs)
        yield from self._drawings(area)

    def _page(self) -> str:
        language = self.order.language
        title = translator(language)(TITLE.template)
        return report_html(title, self.verified, made_at=self.now, language=language)

    def _drawings(self, area: Path) -> Iterator[str]:
        """Draw the report, out of a copy whose sentences are in the reader's language."""
        source = area / ".report.json"
        said = (translated(each, self.order.language) for each in self.verified)
        report = {"schema": SCHEMA, "verifications": [verification_json(each) for each in said]}
        _put(source, json.dumps(report).encode())
        for name in ("report.pdf", "report.svg"):
            yield from self._print(source, area / name)
        source.unlink()

    def _report(self, proofs: Proofs) -> dict[str, object]:
        return {
            "schema": SCHEMA,
            "type": "report",
            "made_at": self.now,
            "checkpoint": proofs.checkpoint,
            "verifications": [verification_json(each) for each in self.verified],
            "errors": [
                {
                    "schema": SCHEMA,
                    "type": "error",
                    "path": str(each.path),
                    **json.loads(each.error or "{}"),
                }
                for each in self.failed
            ],
        }

    def _script(self, area: Path, files: tuple[ListedFile, ...], proofs: Proofs) -> Iterator[str]:
        root = self.order.directory
        checks, refusals, findings = script_parts(root, self.verified, files)
        broken = [
            Refusal(each.path.relative_to(root).as_posix(), "it could not be read")
            for each in self.failed
        ]
        refusals += broken
        content = verify_script(files, checks, refusals, proofs.proven, self.now)
        write_file(area / SCRIPT, content, mode=0o755)
        yield from findings
        if proofs.lacking:
            yield proofs.lacking
        else:
            yield from unproven(root, self.verified, files, proofs.proven)

    def _print(self, source: Path, target: Path) -> Iterator[str]:
        """Have a program of ours draw the report: only there is Qt."""
        python = Path(sys.executable)
        programs = Programs(self.home, (python.parent,))
        arguments = ["-m", PRINTER, str(source), str(target), self.order.language.value]
        try:
            done = programs.run(
                python.name,
                arguments,
                environment={"QT_QPA_PLATFORM": "offscreen"},
                timeout=PRINT_SECONDS,
            )
        except SignstationError as error:
            yield f"{target.name} could not be drawn: {error.code}."
            return
        if done.status != 0 or not target.is_file():
            said = show(done.stderr.decode(errors="replace").strip()[-MAX_WORDS:])
            yield f"{target.name} could not be drawn: {said}"
            return
        with writing(target):
            target.chmod(0o644)


def _put(path: Path, content: bytes) -> None:
    write_file(path, content, mode=0o644)


def default_output(directory: Path) -> Path:
    """Return where evidence goes by default: beside the release."""
    return directory.with_name(f"{directory.name}-evidence")
