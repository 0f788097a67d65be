"""The report as one HTML page: no script, nothing loaded, everything escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import UTC, datetime

from signstation.model.checks import Check, Opinion, Outcome, SignatureFacts, Verdict, Verification
from signstation.model.text import Text
from signstation.reports.answers import answers, byte_map, covered_inside, of_inside
from signstation.reports.tables import OPINIONS, OUTCOMES, STATES, VERDICTS
from signstation.reports.words import groups, human_size, sentence, show
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


def report_html(title: str, verifications: Iterable[Verification], *, made_at: int) -> str:
    """Return the page as text to be written as UTF-8. ``made_at`` is Unix seconds."""
    all_of_them = tuple(verifications)
    good = sum(each.verdict is Verdict.TRUSTED for each in all_of_them)
    style = resource("report.css").read_text("utf-8")
    body = "".join(_artifact(number, each) for number, each in enumerate(all_of_them))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_esc(title)}</title><style>{style}</style></head><body><main>"
        f"<header><h1>{_esc(title)}</h1>"
        f"<p>{good} of {len(all_of_them)} verified · made {_when(made_at)} by signstation</p>"
        f"</header>{_overview(all_of_them)}{body}</main></body></html>\n"
    )


def _esc(value: str) -> str:
    return html.escape(show(value))


def _say(value: Text) -> str:
    return html.escape(sentence(value))


def _when(seconds: int | None) -> str:
    if seconds is None:
        return "time not stated"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _overview(verifications: tuple[Verification, ...]) -> str:
    rows = "".join(
        f'<tr><td><a href="#a{number}">{_esc(each.title)}</a></td><td>{_esc(each.format)}</td>'
        f"<td>{human_size(each.size)}</td>"
        f"<td>{_esc(', '.join(facts.signer for facts in each.signatures)) or '—'}</td>"
        f'<td class="{_TONES[each.verdict]}">{VERDICTS[each.verdict]}</td></tr>'
        for number, each in enumerate(verifications)
    )
    return (
        "<section><h2>Artifacts</h2><table><thead><tr><th>Artifact</th><th>Format</th>"
        f"<th>Size</th><th>Signed by</th><th>Result</th></tr></thead><tbody>{rows}</tbody>"
        "</table></section>"
    )


def _artifact(number: int, verification: Verification) -> str:
    tone = _TONES[verification.verdict]
    reasons = "".join(f"<li>{_say(each)}</li>" for each in verification.reasons)
    triple = "".join(
        f'<div class="answer {_OUTCOME_TONES[each.outcome]}"><b>{_say(each.question)}</b>'
        f"<span>{_MARKS[each.outcome]} {OUTCOMES[each.outcome]}</span><p>{_say(each.because)}</p>"
        "</div>"
        for each in answers(verification)
    )
    return (
        f'<section id="a{number}"><h2>{_esc(verification.title)}</h2>'
        f'<p class="path">{_esc(verification.path)}</p>'
        f'<p class="mono">SHA-256 {groups(verification.sha256.hex())}</p>'
        f'<div class="verdict {tone}"><b>{VERDICTS[verification.verdict]}</b><ul>{reasons}</ul>'
        f'</div><div class="answers">{triple}</div>'
        f"{''.join(_signature(each) for each in verification.signatures)}"
        f"{_map(verification)}{_checks(verification.checks)}{_opinions(verification.opinions)}"
        "</section>"
    )


def _signature(facts: SignatureFacts) -> str:
    nodes = "".join(
        f'<div class="node"><b>{_esc(node.title)}</b><span class="mono">'
        f"{_esc(groups(node.identifier))}</span><span>{_say(node.detail)}</span></div>"
        + (f'<div class="edge">{_say(node.edge)} →</div>' if node.edge else "")
        for node in facts.path
    )
    reasons = "".join(f"<li>{_say(each)}</li>" for each in facts.reasons)
    return (
        f"<h3>Signature {facts.index + 1}: {_say(facts.place)} — {STATES[facts.state]}</h3>"
        f"<p>{_esc(facts.signer)} · {_esc(facts.algorithm)} · {_esc(facts.hash)} · "
        f'{_when(facts.made_at)}</p><p class="mono">{_esc(groups(facts.fingerprint))}</p>'
        f'<div class="chain">{nodes}</div><ul>{reasons}</ul>'
    )


def _map(verification: Verification) -> str:
    if not verification.size or not verification.signatures:
        return ""
    packed = covered_inside(verification)
    size = verification.size if packed is None else packed.size
    parts = "".join(
        f'<rect x="{each.start / size * 1000:.2f}" y="0" height="20" '
        f'width="{max((each.end - each.start) / size * 1000, 0.5):.2f}" '
        f'class="{"covered" if each.signatures else "bare"}"><title>bytes {each.start} to '
        f"{each.end}: {_covering(each.signatures)}</title></rect>"
        for each in byte_map(verification)
    )
    rows = "".join(
        f"<li>bytes {each.start} to {each.end}: {_covering(each.signatures)}</li>"
        for each in byte_map(verification)
    )
    note = "" if packed is None else f"<p>{_say(of_inside(packed))}</p>"
    return (
        f'<h3>What the signatures cover</h3>{note}<svg class="map" viewBox="0 0 1000 20" '
        f'preserveAspectRatio="none" role="img" aria-label="Byte map">{parts}</svg>'
        f'<ul class="small">{rows}</ul>'
    )


def _covering(signatures: tuple[int, ...]) -> str:
    if not signatures:
        return "covered by no good signature"
    return "covered by signature " + ", ".join(str(each + 1) for each in signatures)


def _checks(checks: tuple[Check, ...]) -> str:
    rows = "".join(
        f'<tr><td class="{_OUTCOME_TONES[each.outcome]}">{_MARKS[each.outcome]} '
        f"{OUTCOMES[each.outcome]}</td><td>{_say(each.summary)}"
        + "".join(
            f'<br><span class="small">{_say(fact.label)}: {_esc(fact.value)}</span>'
            for fact in each.details
        )
        + f'</td><td class="mono small">{_esc(each.code)}</td></tr>'
        for each in checks
    )
    return f"<h3>Checks</h3><table><tbody>{rows}</tbody></table>"


def _opinions(opinions: tuple[Opinion, ...]) -> str:
    rows = "".join(
        f"<tr><td>{_esc(each.tool)} {_esc(each.version)} {OPINIONS[each.outcome]}</td>"
        f'<td class="mono small">{html.escape(show(" ".join(each.command)))}<br>'
        f"{_esc(each.says)}{'<br>' + _say(each.note) if each.note else ''}</td></tr>"
        for each in opinions
    )
    return f"<h3>Second opinion</h3><table><tbody>{rows}</tbody></table>" if opinions else ""
