"""The report on paper: pages, texts that stay texts, hostile words as they are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from signstation.errors import NotWritable
from signstation.gui.report_print import PrintedReport, main, write_pdf, write_svg
from signstation.gui.report_rows import HEIGHT, MARGIN
from signstation.gui.reportfile import read_report
from signstation.model.text import text
from signstation.reports.verification import SCHEMA, verification_json
from tests.support import windowdata

HOSTILE = '<img src=x>&a\u202egnp.rpm \U0001f600"'


def _report(times: int = 1) -> PrintedReport:
    return PrintedReport("Release 4.2", windowdata.release() * times, windowdata.NOW)


def _texts(path: Path) -> str:
    found = ET.parse(path).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - made just now
    return "\n".join("".join(each.itertext()) for each in found)


def test_a_long_report_has_as_many_pages_as_it_needs(qapp: QApplication, tmp_path: Path) -> None:
    counts = []
    for times in (1, 4):
        target = tmp_path / f"{times}.pdf"
        write_pdf(_report(times), target)
        content = target.read_bytes()
        assert content.startswith(b"%PDF-")
        assert content.rstrip().endswith(b"%%EOF")
        counts.append(len(re.findall(rb"/Type\s*/Page\b", content)))
    assert counts[0] > 1
    assert counts[1] > 3 * counts[0] - 2


def test_text_of_the_pdf_can_be_selected(qapp: QApplication, tmp_path: Path) -> None:
    target = tmp_path / "r.pdf"
    write_pdf(_report(), target)
    assert b"/ToUnicode" in target.read_bytes()


def test_the_picture_says_all_that_the_page_says(qapp: QApplication, tmp_path: Path) -> None:
    target = tmp_path / "r.svg"
    write_svg(_report(), target)
    said = _texts(target)
    for words in ("Verified", "Changed", "Unsigned", "names", "covered by signature 1", "gpgv"):
        assert words in said
    for each in windowdata.release():
        assert Path(each.path).name in said.replace("\n", "")
        for check in each.checks:
            assert check.code in said
    assert ET.parse(target).getroot().get("viewBox", "").startswith("0 0 794")  # noqa: S314


def test_hostile_words_are_drawn_as_they_are(qapp: QApplication, tmp_path: Path) -> None:
    one = windowdata.release()[0]
    facts = replace(one.signatures[0], signer=HOSTILE)
    bad = replace(
        one, title=HOSTILE, path=f"/srv/{HOSTILE}", signatures=(facts,),
        reasons=(text("{words}", words=HOSTILE),),
    )  # fmt: skip
    target = tmp_path / "r.svg"
    write_svg(PrintedReport(HOSTILE, (bad,), 0), target)
    said = _texts(target)
    assert "<img src=x>&a\\u202egnp.rpm" in said
    assert "\U0001f600" in said
    assert "\u202e" not in said
    write_pdf(PrintedReport(HOSTILE, (bad,), 0), tmp_path / "r.pdf")


def test_words_of_any_length_stay_on_the_page(qapp: QApplication, tmp_path: Path) -> None:
    one = windowdata.release()[0]
    long = replace(one, reasons=(text("{words}", words="W" * 60_000),), title="W" * 60_000)
    target = tmp_path / "r.svg"
    write_svg(PrintedReport("long", (long,), 0), target)
    said = _texts(target)
    assert "more lines" in said or "characters)" in said
    assert max(len(line) for line in said.splitlines()) < 150
    write_pdf(PrintedReport("long", (long,), 0), tmp_path / "r.pdf")
    assert HEIGHT > 2 * MARGIN


def test_what_cannot_be_written_is_told(qapp: QApplication, tmp_path: Path) -> None:
    for write in (write_pdf, write_svg):
        with pytest.raises(NotWritable):
            write(_report(), tmp_path / "missing" / "r")


def _saved(folder: Path) -> Path:
    source = folder / "report.json"
    verifications = [verification_json(each) for each in windowdata.release()]
    source.write_text(
        json.dumps({"schema": SCHEMA, "type": "report", "verifications": verifications})
    )
    return source


def test_kinds_of_checks_survive_the_report(tmp_path: Path) -> None:
    kinds = [[check.kind for check in each.checks] for each in windowdata.release()]
    back = read_report(_saved(tmp_path))
    assert [[check.kind for check in each.checks] for each in back] == kinds


def test_the_program_prints_a_saved_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _saved(tmp_path)
    for name, start, language in (("r.pdf", b"%PDF", "en"), ("r.svg", b"<?xml", "de")):
        command = [sys.executable, "-m", "signstation.gui.report_print"]
        arguments = [str(source), str(tmp_path / name), language]
        subprocess.run([*command, *arguments], check=True, timeout=120)
        assert (tmp_path / name).read_bytes().startswith(start)
    said = _texts(tmp_path / "r.svg")
    for words in ("Prüfbericht", "Verifiziert", "abgedeckt von Signatur 1", "Zweite Meinung"):
        assert words in said
    assert main([]) == 2
    assert main([str(source), str(tmp_path / "x.pdf"), "xx"]) == 2
    assert "usage" in capsys.readouterr().err
