"""The report as one HTML page: no script, nothing loaded, everything escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import UTC, datetime

from signstation.model.checks import Check, Opinion, Outcome, SignatureFacts, Verdict, Verification
from signstation.model.language import Language
from signstation.model.text import Text
from signstation.reports.answers import Stretch, answers, byte_map, covered_inside, of_inside
from signstation.reports.language import Translate, translator
from signstation.reports.tables import OPINIONS, OUTCOMES, STATES, VERDICTS
from signstation.reports.words import groups, human_size, show
from signstation.system.resources import resource

_MARKS = {Outcome.PASS: "✓", Outcome.WARNING: "!", Outcome.FAIL: "✕", Outcome.NOT_RUN: "?"}
_TONES = {
    Verdict.TRUSTED: "ok",
    Verdict.UNTRUSTED: "warn",
    Verdict.UNSIGNED: "warn",
    Verdict.TAMPERED: "bad",
    Verdict.INDETERMINATE: "warn",
}
_OUTCOME_TONES = {
    Outcome.PASS: "ok",
    Outcome.WARNING: "warn",
    Outcome.FAIL: "bad",
    Outcome.NOT_RUN: "none",
}


def report_html(
    title: str,
    verifications: Iterable[Verification],
    *,
    made_at: int,
    language: Language = Language.ENGLISH,
) -> str:
    """Return the page as text to be written as UTF-8. ``made_at`` is Unix seconds."""
    tr = translator(language)
    all_of_them = tuple(verifications)
    good = sum(each.verdict is Verdict.TRUSTED for each in all_of_them)
    style = resource("report.css").read_text("utf-8")
    body = "".join(_artifact(tr, number, each) for number, each in enumerate(all_of_them))
    said = tr(
        "{good} of {count} verified · made {when} by signstation",
        good=good,
        count=len(all_of_them),
        when=_when(tr, made_at),
    )
    return (
        f'<!doctype html>\n<html lang="{language.value}"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_esc(title)}</title><style>{style}</style></head><body><main>"
        f"<header><h1>{_esc(title)}</h1><p>{html.escape(said)}</p></header>"
        f"{_overview(tr, all_of_them)}{body}</main></body></html>\n"
    )


def _esc(value: str) -> str:
    return html.escape(show(value))


def _say(tr: Translate, value: Text) -> str:
    return html.escape(tr(value.template, **dict(value.values)))


def _when(tr: Translate, seconds: int | None) -> str:
    if seconds is None:
        return tr("time not stated")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _overview(tr: Translate, verifications: tuple[Verification, ...]) -> str:
    rows = "".join(
        f'<tr><td><a href="#a{number}">{_esc(each.title)}</a></td><td>{_esc(each.format)}</td>'
        f"<td>{human_size(each.size)}</td>"
        f"<td>{_esc(', '.join(facts.signer for facts in each.signatures)) or '—'}</td>"
        f'<td class="{_TONES[each.verdict]}">{html.escape(tr(VERDICTS[each.verdict]))}</td></tr>'
        for number, each in enumerate(verifications)
    )
    heads = (tr("Artifact"), tr("Format"), tr("Size"), tr("Signed by"), tr("Result"))
    head = "".join(f"<th>{html.escape(each)}</th>" for each in heads)
    return (
        f"<section><h2>{html.escape(tr('Artifacts'))}</h2><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _artifact(tr: Translate, number: int, verification: Verification) -> str:
    tone = _TONES[verification.verdict]
    reasons = "".join(f"<li>{_say(tr, each)}</li>" for each in verification.reasons)
    triple = "".join(
        f'<div class="answer {_OUTCOME_TONES[each.outcome]}"><b>{_say(tr, each.question)}</b>'
        f"<span>{_MARKS[each.outcome]} {html.escape(tr(OUTCOMES[each.outcome]))}</span>"
        f"<p>{_say(tr, each.because)}</p></div>"
        for each in answers(verification)
    )
    verdict = html.escape(tr(VERDICTS[verification.verdict]))
    return (
        f'<section id="a{number}"><h2>{_esc(verification.title)}</h2>'
        f'<p class="path">{_esc(verification.path)}</p>'
        f'<p class="mono">SHA-256 {groups(verification.sha256.hex())}</p>'
        f'<div class="verdict {tone}"><b>{verdict}</b><ul>{reasons}</ul>'
        f'</div><div class="answers">{triple}</div>'
        f"{''.join(_signature(tr, each) for each in verification.signatures)}"
        f"{_map(tr, verification)}{_checks(tr, verification.checks)}"
        f"{_opinions(tr, verification.opinions)}</section>"
    )


def _signature(tr: Translate, facts: SignatureFacts) -> str:
    nodes = "".join(
        f'<div class="node"><b>{_esc(node.title)}</b><span class="mono">'
        f"{_esc(groups(node.identifier))}</span><span>{_say(tr, node.detail)}</span></div>"
        + (f'<div class="edge">{_say(tr, node.edge)} →</div>' if node.edge else "")
        for node in facts.path
    )
    reasons = "".join(f"<li>{_say(tr, each)}</li>" for each in facts.reasons)
    place = tr(facts.place.template, **dict(facts.place.values))
    title = tr(
        "Signature {number}: {place} — {state}",
        number=facts.index + 1,
        place=place,
        state=tr(STATES[facts.state]),
    )
    return (
        f"<h3>{html.escape(title)}</h3>"
        f"<p>{_esc(facts.signer)} · {_esc(facts.algorithm)} · {_esc(facts.hash)} · "
        f"{html.escape(_when(tr, facts.made_at))}</p>"
        f'<p class="mono">{_esc(groups(facts.fingerprint))}</p>'
        f'<div class="chain">{nodes}</div><ul>{reasons}</ul>'
    )


def _map(tr: Translate, verification: Verification) -> str:
    if not verification.size or not verification.signatures:
        return ""
    packed = covered_inside(verification)
    size = verification.size if packed is None else packed.size
    note = "" if packed is None else f"<p>{_say(tr, of_inside(packed))}</p>"
    stretches = byte_map(verification)
    said = [html.escape(covering(tr, each)) for each in stretches]
    parts = "".join(
        f'<rect x="{each.start / size * 1000:.2f}" y="0" height="20" '
        f'width="{max((each.end - each.start) / size * 1000, 0.5):.2f}" '
        f'class="{"covered" if each.signatures else "bare"}"><title>{words}</title></rect>'
        for each, words in zip(stretches, said, strict=True)
    )
    rows = "".join(f"<li>{words}</li>" for words in said)
    return (
        f"<h3>{html.escape(tr('What the signatures cover'))}</h3>{note}"
        '<svg class="map" viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" '
        f'aria-label="{html.escape(tr("Byte map"))}">{parts}</svg><ul class="small">{rows}</ul>'
    )


def covering(tr: Translate, stretch: Stretch) -> str:
    """Return what a stretch of an artifact is covered by, in words."""
    numbers = ", ".join(str(each + 1) for each in stretch.signatures)
    if not numbers:
        words = "Bytes {start} to {end} ({size}): covered by no good signature"
        return tr(words, start=stretch.start, end=stretch.end, size=_size(stretch))
    return tr(
        "Bytes {start} to {end} ({size}): covered by signature {numbers}",
        start=stretch.start,
        end=stretch.end,
        size=_size(stretch),
        numbers=numbers,
    )


def _size(stretch: Stretch) -> str:
    return human_size(stretch.end - stretch.start)


def _checks(tr: Translate, checks: tuple[Check, ...]) -> str:
    rows = "".join(
        f'<tr><td class="{_OUTCOME_TONES[each.outcome]}">{_MARKS[each.outcome]} '
        f"{html.escape(tr(OUTCOMES[each.outcome]))}</td><td>{_say(tr, each.summary)}"
        + "".join(
            f'<br><span class="small">{_say(tr, fact.label)}: {_esc(fact.value)}</span>'
            for fact in each.details
        )
        + f'</td><td class="mono small">{_esc(each.code)}</td></tr>'
        for each in checks
    )
    return f"<h3>{html.escape(tr('Checks'))}</h3><table><tbody>{rows}</tbody></table>"


def _opinions(tr: Translate, opinions: tuple[Opinion, ...]) -> str:
    rows = "".join(
        f"<tr><td>{_esc(each.tool)} {_esc(each.version)} "
        f"{html.escape(tr(OPINIONS[each.outcome]))}</td>"
        f'<td class="mono small">{_esc(" ".join(each.command))}<br>'
        f"{_esc(each.says)}{'<br>' + _say(tr, each.note) if each.note else ''}</td></tr>"
        for each in opinions
    )
    title = html.escape(tr("Second opinion"))
    return f"<h3>{title}</h3><table><tbody>{rows}</tbody></table>" if opinions else ""
