"""The report as PDF pages or one SVG picture: ``python -m signstation.gui.report_print``.

Texts stay texts: they can be selected, searched and read aloud. The words are of the language that
the application speaks. As a program it takes REPORT.json, OUT.pdf or OUT.svg, and a language.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize
from PySide6.QtGui import QGuiApplication, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from signstation.effects import ExitStatus
from signstation.errors import NotWritable, SignstationError
from signstation.gui import report_rows as rows
from signstation.gui.errors import error_lines
from signstation.gui.language import speak
from signstation.gui.reportfile import read_report
from signstation.gui.tokens import Tone
from signstation.gui.verdicts import outcome_look, state_look, verdict_look
from signstation.gui.words import say, tr
from signstation.model.checks import Opinion, SignatureFacts, Verdict, Verification
from signstation.model.language import Language
from signstation.reports.answers import answers, byte_map, covered_inside, of_inside
from signstation.reports.html import covering
from signstation.reports.tables import OPINIONS, OUTCOMES, STATES, VERDICTS
from signstation.reports.words import groups, human_size, show, show_block

RESOLUTION = 96
"""Dots per inch: one is a CSS pixel."""
FOOT = 30.0
"""Room for the line at the foot of a page."""
MAX_STRETCHES = 40
"""Most stretches of a byte map in words; more are counted."""


@dataclass(frozen=True, slots=True)
class PrintedReport:
    """What is printed. ``made_at`` is Unix seconds; ``title`` is escaped when it is drawn."""

    title: str
    verifications: tuple[Verification, ...]
    made_at: int


def write_pdf(report: PrintedReport, path: Path) -> None:
    """Write A4 pages. Needs a QGuiApplication. Raises NotWritable; blocks."""
    pages = _pages(_rows(report))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(RESOLUTION)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Point)
    writer.setTitle(show(report.title))
    writer.setCreator("signstation")
    painter = QPainter(writer)
    for number, page in enumerate(pages, start=1):
        if number > 1:
            writer.newPage()
        _draw(painter, page, rows.MARGIN)
        words = tr(
            "{title} · {when} · page {number} of {count}",
            title=report.title,
            when=_when(report.made_at),
            number=number,
            count=len(pages),
        )
        _draw(painter, list(rows.paragraph(words, rows.SUB))[:1], rows.HEIGHT - rows.MARGIN)
    painter.end()
    _write(path, buffer)


def write_svg(report: PrintedReport, path: Path) -> None:
    """Write one picture, as high as it needs to be. Needs a QGuiApplication. Raises NotWritable."""
    content = list(_rows(report))
    height = sum(each.height for each in content) + 2 * rows.MARGIN
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    picture.setOutputDevice(buffer)
    picture.setResolution(RESOLUTION)
    picture.setSize(QSize(round(rows.WIDTH), round(height)))
    picture.setViewBox(QRectF(0, 0, rows.WIDTH, height))
    picture.setTitle(show(report.title))
    picture.setDescription(_when(report.made_at))
    painter = QPainter(picture)
    _draw(painter, content, rows.MARGIN)
    painter.end()
    _write(path, buffer)


def _write(path: Path, buffer: QBuffer) -> None:
    try:
        path.write_bytes(buffer.data().data())
    except OSError as error:
        raise NotWritable(path=str(path), reason=error.strerror or "") from error


def _draw(painter: QPainter, content: Sequence[rows.Row], top: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for row in content:
        row.draw(painter, top)
        top += row.height


def _pages(content: Iterator[rows.Row]) -> list[list[rows.Row]]:
    """Break rows into pages; rows that keep the next one move together with it."""
    room = rows.HEIGHT - 2 * rows.MARGIN - FOOT
    pages: list[list[rows.Row]] = [[]]
    used = 0.0
    together: list[rows.Row] = []
    for row in content:
        together.append(row)
        height = sum(each.height for each in together)
        if row.keep and height < room / 2:
            continue
        if pages[-1] and used + height > room:
            pages.append([])
            used = 0.0
        pages[-1].extend(together)
        used += height
        together = []
    pages[-1].extend(together)
    return pages


def _when(seconds: int | None) -> str:
    if seconds is None:
        return tr("time not stated")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _rows(report: PrintedReport) -> Iterator[rows.Row]:
    found = report.verifications
    good = sum(each.verdict is Verdict.TRUSTED for each in found)
    yield from rows.paragraph(show(report.title), rows.TITLE, keep=True)
    made = tr(
        "{good} of {count} verified · made {when} by signstation",
        good=good,
        count=len(found),
        when=_when(report.made_at),
    )
    yield from rows.paragraph(made, rows.SUB)
    yield rows.space(14)
    for each in found:
        _, tone, _ = verdict_look(each.verdict)
        yield from rows.paragraph(tr(VERDICTS[each.verdict]), rows.toned(tone), keep=True)
        yield from rows.paragraph(show(Path(each.path).name), rows.MONO, left=18, keep=True)
        signers = ", ".join(show(facts.signer) for facts in each.signatures) or tr("no signature")
        words = f"{show(each.format)} · {human_size(each.size)} · {signers}"
        yield from rows.paragraph(words, rows.SUB, left=18)
        yield rows.space(4)
    for each in found:
        yield from _artifact(each)


def _artifact(verification: Verification) -> Iterator[rows.Row]:
    _, tone, _ = verdict_look(verification.verdict)
    digest = groups(verification.sha256.hex())
    yield rows.space(22)
    yield rows.rule()
    yield from rows.paragraph(show(Path(verification.path).name), rows.CHAPTER, keep=True)
    yield from rows.paragraph(show(verification.path), rows.MONO)
    calls = tr("What it calls itself: {title}", title=verification.title)
    yield from rows.paragraph(calls, rows.SUB)
    yield from rows.paragraph(f"SHA-256 {digest}", rows.MONO)
    judged = tr("Judged for the time {when}", when=_when(verification.at))
    yield from rows.paragraph(judged, rows.SUB)
    yield rows.space(8)
    said = "\n".join(say(each) for each in verification.reasons)
    headline = (tr(VERDICTS[verification.verdict]), rows.toned(tone, rows.SECTION))
    yield rows.box([headline, (said, rows.BODY)] if said else [headline], tone)
    yield rows.space(10)
    yield _answers(verification)
    for facts in verification.signatures:
        yield from _signature(facts)
    yield from _map(verification)
    yield from _checks(verification)
    yield from _opinions(verification.opinions)


def _answers(verification: Verification) -> rows.Row:
    gap = 10.0
    width = (rows.ROOM - 2 * gap) / 3
    least = 0.0
    boxes: list[rows.Row] = []
    for _ in range(2):  # first to learn how high the highest is
        boxes.clear()
        for number, each in enumerate(answers(verification)):
            _, tone, _ = outcome_look(each.outcome)
            parts = [
                (say(each.question), rows.SUB),
                (tr(OUTCOMES[each.outcome]), rows.toned(tone)),
                (say(each.because), rows.SUB),
            ]
            left = number * (width + gap)
            boxes.append(rows.box(parts, tone, left=left, width=width, least=least))
        least = max(each.height for each in boxes)
    return rows.beside(boxes)


def _signature(facts: SignatureFacts) -> Iterator[rows.Row]:
    _, tone, _ = state_look(facts.state)
    yield rows.space(14)
    title = tr("Signature {number}: {place}", number=facts.index + 1, place=say(facts.place))
    yield from rows.paragraph(title, rows.SECTION, keep=True)
    yield from rows.paragraph(tr(STATES[facts.state]), rows.toned(tone), keep=True)
    made = f"{show(facts.algorithm)} · {show(facts.hash)} · {_when(facts.made_at)}"
    yield from rows.paragraph(f"{show(facts.signer)} · {made}")
    yield from rows.paragraph(groups(show(facts.fingerprint)), rows.MONO)
    for reason in facts.reasons:
        yield from rows.paragraph(say(reason), rows.SUB)
    yield rows.space(6)
    if not facts.path:
        missing = tr("There is no path from this key to anything that is trusted here.")
        yield from rows.paragraph(missing, rows.SUB)
    last = len(facts.path) - 1
    for number, node in enumerate(facts.path):
        parts = [(show(node.title), rows.STRONG), (say(node.detail), rows.SUB)]
        if node.identifier:
            parts.append((groups(show(node.identifier)), rows.MONO))
        yield rows.box(parts, Tone.NEUTRAL)
        if number < last:
            yield rows.arrow(say(node.edge) if node.edge else "")


def _map(verification: Verification) -> Iterator[rows.Row]:
    if not verification.size or not verification.signatures:
        return
    stretches = byte_map(verification)
    yield rows.space(14)
    yield from rows.paragraph(tr("What the signatures cover"), rows.SECTION, keep=True)
    packed = covered_inside(verification)
    if packed is not None:
        yield from rows.paragraph(say(of_inside(packed)), rows.SUB)
    yield rows.byte_bar(stretches, verification.size if packed is None else packed.size)
    for each in stretches[:MAX_STRETCHES]:
        yield from rows.paragraph(covering(tr, each), rows.SUB)
    if (more := len(stretches) - MAX_STRETCHES) > 0:
        yield from rows.paragraph(tr("… and {count} more stretches", count=more), rows.SUB)


def _checks(verification: Verification) -> Iterator[rows.Row]:
    yield rows.space(14)
    yield from rows.paragraph(tr("Checks"), rows.SECTION, keep=True)
    for each in verification.checks:
        _, tone, _ = outcome_look(each.outcome)
        words = f"{tr(OUTCOMES[each.outcome])}: {say(each.summary)}"
        yield from rows.paragraph(words, rows.toned(tone, rows.BODY))
        needed = tr("required") if each.required else tr("not required")
        yield from rows.paragraph(f"{show(each.code)} · {needed}", rows.SUB, left=18)
        for fact in each.details:
            said = f"{say(fact.label)}: {show_block(fact.value)}"
            yield from rows.paragraph(said, rows.SUB, left=18)
        yield rows.space(3)


def _opinions(opinions: Sequence[Opinion]) -> Iterator[rows.Row]:
    if opinions:
        yield rows.space(14)
        yield from rows.paragraph(tr("Second opinion"), rows.SECTION, keep=True)
    for each in opinions:
        words = f"{show(each.tool)} {show(each.version)} {tr(OPINIONS[each.outcome])}"
        yield from rows.paragraph(words, rows.STRONG, keep=True)
        yield from rows.paragraph(show(" ".join(each.command)), rows.MONO, left=18)
        if each.says:
            yield from rows.paragraph(show_block(each.says), rows.MONO, left=18)
        if each.note is not None:
            yield from rows.paragraph(say(each.note), rows.SUB, left=18)


def main(typed: Sequence[str]) -> int:
    """Run the program and return the exit status."""
    languages = {each.value for each in Language}
    if len(typed) != 3 or typed[2] not in languages:  # noqa: PLR2004 - as the next line says
        program = "python -m signstation.gui.report_print"
        sys.stderr.write(f"usage: {program} REPORT.json OUT.pdf|svg LANGUAGE\n")
        return int(ExitStatus.USAGE)
    source, target = Path(typed[0]), Path(typed[1])
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # no display is needed
    application = QGuiApplication(["signstation"])
    speak(application, Language(typed[2]))
    try:
        found = read_report(source)
        report = PrintedReport(tr("Verification report"), found, int(time.time()))
        (write_svg if target.suffix == ".svg" else write_pdf)(report, target)
    except SignstationError as error:
        sys.stderr.write("\n".join(error_lines(error)) + "\n")
        return int(error.status)
    finally:
        application.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
