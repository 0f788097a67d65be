"""The report: three answers, the byte map, an HTML page that nothing can break out of."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

from signstation.cli.report import language_of
from signstation.model.asks import Compression, HashOf, Literal, Range, Segment, Unpacked
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    NodeKind,
    Opinion,
    OpinionOutcome,
    Outcome,
    SignatureFacts,
    SignatureState,
    TrustNode,
    Verdict,
    Verification,
)
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType
from signstation.model.language import Language
from signstation.model.text import Text, text
from signstation.reports.answers import Stretch, answers, byte_map
from signstation.reports.html import report_html
from signstation.reports.language import translated, translator
from signstation.reports.verification import verification_json

HOSTILE = '"><script>alert(1)</script>\u202e<img src=x>'


def check(aspect: Aspect, outcome: Outcome, summary: str, *, required: bool = True) -> Check:
    return Check("test.check", CheckKind.CONTENT, aspect, outcome, required, Text(summary))


def facts(index: int, state: SignatureState, *covers: Segment) -> SignatureFacts:
    return SignatureFacts(
        index=index,
        kind=SignatureType.OPENPGP,
        place=Text("header signature"),
        state=state,
        signer=HOSTILE,
        fingerprint="AB" * 20,
        algorithm="RSA-4096",
        hash="SHA-256",
        made_at=1_750_000_000,
        reasons=(text("because {why}", why=HOSTILE),),
        path=(TrustNode(NodeKind.ANCHOR, HOSTILE, "AB" * 20, Text("pinned"), Text("signed")),),
        covers=covers,
    )


def verification(*signatures: SignatureFacts, checks: tuple[Check, ...] = ()) -> Verification:
    return Verification(
        path=f"/srv/{HOSTILE}",
        format="blob",
        title=HOSTILE,
        size=100,
        sha256=bytes(32),
        verdict=Verdict.TRUSTED,
        reasons=(Text("It is what was signed."),),
        checks=checks,
        signatures=signatures,
        opinions=(
            Opinion("gpgv", "2.2", ("gpgv", HOSTILE), OpinionOutcome.ACCEPTS, HOSTILE, None),
        ),
        at=1_750_000_000,
    )


def test_the_worst_check_answers_and_a_required_one_wins_a_tie() -> None:
    result = answers(
        verification(
            facts(0, SignatureState.BAD),
            checks=(
                check(Aspect.UNCHANGED, Outcome.PASS, "fine"),
                check(Aspect.UNCHANGED, Outcome.FAIL, "a note", required=False),
                check(Aspect.UNCHANGED, Outcome.FAIL, "the payload differs"),
                check(Aspect.VALID, Outcome.NOT_RUN, "not looked at"),
            ),
        )
    )
    assert [each.outcome for each in result] == [Outcome.FAIL, Outcome.NOT_RUN, Outcome.NOT_RUN]
    assert result[0].because.english() == "the payload differs"


def test_one_trusted_signature_answers_the_third_question() -> None:
    untrusted = check(Aspect.TRUSTED, Outcome.WARNING, "another signer is unknown")
    result = answers(verification(facts(0, SignatureState.GOOD_TRUSTED), checks=(untrusted,)))
    assert result[2].outcome is Outcome.PASS


def test_nothing_signed_is_not_an_answer() -> None:
    assert {each.outcome for each in answers(verification())} == {Outcome.NOT_RUN}


def test_the_byte_map_names_what_no_good_signature_covers() -> None:
    inner = HashOf(HashAlgorithm.SHA256, (Range(30, 10), Literal(b"x")))
    result = byte_map(
        verification(
            facts(0, SignatureState.GOOD_TRUSTED, Range(10, 20), inner),
            facts(1, SignatureState.GOOD_UNKNOWN_KEY, Range(20, 500)),
            facts(2, SignatureState.BAD, Range(0, 100)),
        )
    )
    assert result == (
        Stretch(0, 10, ()),
        Stretch(10, 20, (0,)),
        Stretch(20, 40, (0, 1)),
        Stretch(40, 100, (1,)),
    )


def test_the_byte_map_of_a_compressed_file_is_of_what_is_inside() -> None:
    inside = Unpacked(Compression.XZ, 0, 900, 1000)
    judged = verification(facts(0, SignatureState.GOOD_TRUSTED, inside))
    assert judged.size < inside.size
    assert byte_map(judged) == (Stretch(0, 900, (0,)), Stretch(900, 1000, ()))
    assert "compressed with xz" in report_html("Report", (judged,), made_at=0)
    segment = {"kind": "unpacked", "compression": "xz", "offset": 0, "length": 900, "size": 1000}
    assert json.dumps([segment]) in json.dumps(verification_json(judged))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links.extend(value or "" for name, value in attrs if name in {"src", "href"})
        assert not [name for name, _ in attrs if name.startswith("on")]


def test_hostile_text_cannot_become_markup() -> None:
    page = report_html(HOSTILE, [verification(facts(0, SignatureState.GOOD_TRUSTED))], made_at=0)
    parser = _Tags()
    parser.feed(page)
    assert not {"script", "img", "iframe", "link", "object"} & set(parser.tags)
    assert all(link.startswith("#") for link in parser.links)
    assert "\u202e" not in page
    assert re.search(r"default-src 'none'", page)


def test_the_page_speaks_german_and_hostile_text_stays_text() -> None:
    judged = verification(
        facts(0, SignatureState.GOOD_TRUSTED, Range(0, 90)),
        checks=(check(Aspect.VALID, Outcome.PASS, "The signature is good."),),
    )
    page = report_html(HOSTILE, [judged], made_at=0, language=Language.GERMAN)
    parser = _Tags()
    parser.feed(page)
    assert page.startswith('<!doctype html>\n<html lang="de">')
    assert not {"script", "img"} & set(parser.tags)
    for words in (
        "1 von 1 verifiziert",
        "Signatur 1: ",
        "Ist der Inhalt unverändert?",
        "Bestanden",
    ):
        assert words in page, words
    for words in ("verified", "Signed by", "covered by", "Checks", "What the"):
        assert words not in page, words


def test_a_translated_verification_says_the_same_and_keeps_its_values() -> None:
    judged = verification(facts(0, SignatureState.GOOD_TRUSTED))
    question = Text("Is the signer trusted?")
    (german,) = translated(replace(judged, reasons=(question,)), Language.GERMAN).reasons
    assert german.english() == translator(Language.GERMAN)(question.template) != question.template
    same = translated(judged, Language.ENGLISH)
    assert verification_json(same) == verification_json(judged)


def test_the_language_is_the_environments() -> None:
    assert language_of({"LANG": "de_AT.UTF-8"}) is Language.GERMAN
    assert language_of({"LC_ALL": "C.UTF-8", "LANG": "de_DE"}) is Language.ENGLISH
    assert language_of({"LC_ALL": "", "LC_MESSAGES": "de"}) is Language.GERMAN
    assert language_of({"LANG": "fr_FR"}) is Language.ENGLISH


def test_the_json_object_has_what_consumers_read() -> None:
    value = verification_json(verification(facts(0, SignatureState.GOOD_TRUSTED, Range(0, 100))))
    assert value["verdict"] == "trusted"
    assert value["sha256"] == "00" * 32
    assert {"schema", "type", "path", "format", "reasons", "signatures", "checks"} <= set(value)
