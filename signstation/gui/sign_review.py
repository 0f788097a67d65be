"""The fourth step of the Sign page: everything that will be signed, on one page."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from signstation.app.difference import Difference
from signstation.gui.difference import DiffBlock, summary
from signstation.gui.errors import error_sentence, parse_error
from signstation.gui.facts import SEVERITIES
from signstation.gui.kinds import kind_icon, kind_words, signature_words
from signstation.gui.parts import Card, IconLabel, Label, clear, line, restyle
from signstation.gui.procedure_scroll import Inner
from signstation.gui.sign_flow import COMPARED, Artifact, SignFlow
from signstation.gui.sign_hashes import hash_of
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr, trn
from signstation.model.keys import KeyInfo
from signstation.model.orders import PlanSummary
from signstation.reports.words import groups, human_size, show

MAX_BLOCKS = 3
"""Most changes of one artifact whose lines stand in the review; Inspect has them all."""
MAX_LISTED = 200
"""Most findings or refusals that become widgets; the rest is counted."""


_PROMPTS = {
    "passphrase": "You will be asked for the passphrase of {key}",
    "pin": "You will be asked for the PIN of {key}",
    "touch": "You will be asked to touch the device of {key}",
}
_ICONS = {"pin": "card", "touch": "fingerprint"}


def _asked(plans: tuple[PlanSummary, ...]) -> dict[str, int]:
    """Return how often each prompt will come: a device may want a PIN or a touch each time."""
    counts: dict[str, int] = {}
    for plan in plans:
        for prompt in plan.prompts:
            kept = prompt.name.startswith("passphrase ")  # the agent asks once, whoever signs
            before = counts.get(prompt.name, 0)
            counts[prompt.name] = max(before, prompt.count) if kept else before + prompt.count
    return counts


def _prompt_words(name: str, count: int, keys: tuple[KeyInfo, ...]) -> str:
    """Say what will be asked: the name of a prompt is its kind and the reference of a key."""
    kind, _, reference = name.partition(" ")
    key = next((each for each in keys if str(each.key) == reference), None)
    if key is None or kind not in _PROMPTS:
        words = tr("You will be asked: {name}", name=name)
    else:
        words = tr(_PROMPTS[kind], key=key.label)
    return words if count == 1 else tr("{words}, {count} times", words=words, count=count)


class ReviewStep(QWidget):
    """Emits ``changed`` when the typed characters changed."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Build the two columns; ``show_flow`` fills them."""
        super().__init__(parent)
        self._theme = theme
        self._flow = SignFlow()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        left = Card(self)
        area = QScrollArea(left)
        area.setAccessibleName(tr("What will be signed"))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inner = Inner(area)
        self._inner.setObjectName("clear")
        self._content = QVBoxLayout(self._inner)
        self._content.setContentsMargins(0, 0, 8, 0)
        self._content.setSpacing(8)
        area.setWidget(self._inner)
        left.body.addWidget(area)
        row.addWidget(left, 3)
        row.addWidget(self._compare_card(), 2)

    def _compare_card(self) -> Card:
        card = Card(self, tr("Compare with the build"))
        words = tr(
            "This digest stands for all files above. Compare it with the sheet of the build "
            "server, and type its last {count} characters to record that you did.",
            count=COMPARED,
        )
        card.body.addWidget(Label(words, card, "sub", wrap=True))
        well = Card(card, role="well")
        self.digest = Label("", well, "digest", selectable=True)
        self.digest.setAlignment(Qt.AlignmentFlag.AlignCenter)
        well.body.addWidget(self.digest)
        card.body.addWidget(well)
        card.body.addWidget(
            Label(tr("Last {count} characters (optional)", count=COMPARED), card, "label")
        )
        self.typed = QLineEdit(card)
        self.typed.setProperty("role", "mono")
        self.typed.setMaxLength(COMPARED + 1)
        self.typed.setAccessibleName(tr("Last characters of the digest"))
        self.typed.textEdited.connect(self._typed)
        card.body.addWidget(self.typed)
        self._compared = Label("", card, "reason", wrap=True)
        card.body.addWidget(self._compared)
        card.body.addSpacing(6)
        card.body.addWidget(line(card))
        card.body.addWidget(self._cost_area(card), 1)
        return card

    def _cost_area(self, card: Card) -> QScrollArea:
        """Return room for what signing will ask and take; long names scroll in it."""
        area = QScrollArea(card)
        area.setAccessibleName(tr("What will happen"))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._cost_inner = QWidget(area)
        outer = QVBoxLayout(self._cost_inner)
        outer.setContentsMargins(0, 0, 8, 0)
        self._cost = QVBoxLayout()
        self._cost.setSpacing(6)
        outer.addLayout(self._cost)
        outer.addStretch(1)
        area.setWidget(self._cost_inner)
        return area

    def show_flow(self, flow: SignFlow) -> None:
        """Show what the plans say, or that they are being made."""
        self._flow = flow
        digest = flow.release_digest()
        quarter = len(digest) // 4
        self.digest.setText(
            "\n".join(groups(digest[i : i + quarter]) for i in range(0, len(digest), quarter))
        )
        if self.typed.text() != flow.typed:
            self.typed.setText(flow.typed)
        clear(self._content)
        self._kinds(flow)
        self._warnings(flow.plans)
        self._differences(flow)
        self._findings(flow)
        self._refusals(flow.plans)
        self._content.addStretch(1)
        self._show_cost(flow.plans)
        self._say_compared()

    def _kinds(self, flow: SignFlow) -> None:
        count = sum(len(flow.of_kind(kind)) for kind in flow.signing())
        title = trn(
            "You are about to sign {count} artifact",
            "You are about to sign {count} artifacts",
            count,
        )
        self._content.addWidget(Label(title, self._inner, "section"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(3, 1)
        for row, kind in enumerate(flow.kinds()):
            choice = flow.choices.get(kind)
            key = choice.key if choice else None
            artifacts = flow.of_kind(kind)
            size = human_size(sum(each.inspection.size for each in artifacts))
            grid.addWidget(IconLabel(self._theme, kind_icon(kind), self._inner, None, 18), row, 0)
            amount = Label(str(len(artifacts)), self._inner, "strong")
            amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(amount, row, 1)
            words = f"{kind_words(kind, len(artifacts))} · {size}"
            grid.addWidget(Label(words, self._inner), row, 2)
            if key is None or choice is None:
                words, icon, tone = tr("left unsigned"), "minus-circle", Tone.NEUTRAL
            else:
                made = hash_of(kind, choice, flow.hashes.get(kind))
                said = (signature_words(choice.signature), key.type.title, made and made.title)
                words = " · ".join((*filter(None, said), show(key.label)))
                icon, tone = "sign", Tone.ACCENT
            grid.addWidget(Label(words, self._inner, "sub", wrap=True), row, 3)
            grid.addWidget(IconLabel(self._theme, icon, self._inner, tone, 18), row, 4)
        self._content.addLayout(grid)

    def _warnings(self, plans: tuple[PlanSummary, ...]) -> None:
        found = dict.fromkeys(each for plan in plans for each in plan.warnings)
        if not found:
            return
        self._content.addSpacing(6)
        self._content.addWidget(line(self._inner))
        self._content.addWidget(Label(tr("About the keys"), self._inner, "label"))
        for each in found:
            self._listed("warning", Tone.WARNING, "", show(each))

    def _differences(self, flow: SignFlow) -> None:
        """What changed since the versions that were signed before: findings first."""
        known = [each for each in flow.artifacts if each.difference is not None]
        self._content.addSpacing(6)
        self._content.addWidget(line(self._inner))
        self._content.addWidget(Label(tr("What changed"), self._inner, "label"))
        if not known:
            none = tr("This station has not signed earlier versions of these artifacts.")
            self._content.addWidget(Label(none, self._inner, "sub", wrap=True))
            return
        known.sort(key=_least_worrying)
        for each in known[:MAX_LISTED]:
            if each.difference is not None:
                worry = bool(each.difference.findings)
                icon, tone = ("warning", Tone.WARNING) if worry else ("compare", Tone.NEUTRAL)
                self._listed(icon, tone, show(each.path.name), summary(each.difference))
                self._lines(each.difference)
        self._rest(len(known))

    def _lines(self, difference: Difference) -> None:
        """The lines themselves where something changed that a reviewer must be told of."""
        for change in difference.watched()[:MAX_BLOCKS]:
            if change.lines:
                name = say(change.label)
                self._content.addWidget(Label(name, self._inner, "sub", wrap=True))
                self._content.addWidget(DiffBlock(self._theme, change.lines, name, self._inner))

    def _findings(self, flow: SignFlow) -> None:
        found = flow.findings()
        if not found:
            return
        self._content.addSpacing(6)
        self._content.addWidget(line(self._inner))
        self._content.addWidget(Label(tr("What to look at"), self._inner, "label"))
        for artifact, finding in found[:MAX_LISTED]:
            icon, tone = SEVERITIES[finding.severity]
            self._listed(icon, tone, show(artifact.path.name), say(finding.text))
        self._rest(len(found))

    def _refusals(self, plans: tuple[PlanSummary, ...]) -> None:
        refused = [each for plan in plans for each in plan.refused]
        if not refused:
            return
        self._content.addSpacing(6)
        self._content.addWidget(line(self._inner))
        self._content.addWidget(Label(tr("Refused, and left out"), self._inner, "label"))
        for each in refused[:MAX_LISTED]:
            self._listed(
                "x-circle",
                Tone.ERROR,
                show(each.path.name),
                error_sentence(parse_error(each.error)),
            )
        self._rest(len(refused))

    def _listed(self, icon: str, tone: Tone, name: str, words: str) -> None:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(
            IconLabel(self._theme, icon, self._inner, tone, 16), 0, Qt.AlignmentFlag.AlignTop
        )
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(Label(words, self._inner, wrap=True))
        if name:
            text.addWidget(Label(name, self._inner, "mono", wrap=True))
        row.addLayout(text, 1)
        self._content.addLayout(row)

    def _rest(self, count: int) -> None:
        if count > MAX_LISTED:
            words = tr("… and {count} more", count=count - MAX_LISTED)
            self._content.addWidget(Label(words, self._inner, "sub"))

    def _show_cost(self, plans: tuple[PlanSummary, ...]) -> None:
        clear(self._cost)
        if not plans:
            self._cost.addWidget(Label(tr("The plan is being made…"), self._cost_inner, "sub"))
            return
        operations = sum(plan.key_operations for plan in plans)
        words = trn("{count} private-key operation", "{count} private-key operations", operations)
        rows = [("key", words)]
        prompts = _asked(plans)
        rows.extend(
            (_ICONS.get(name.partition(" ")[0], "lock"), _prompt_words(name, n, self._flow.keys))
            for name, n in prompts.items()
        )
        if not prompts:
            rows.append(("unlock", tr("You will not be asked for a passphrase.")))
        seconds = [plan.seconds for plan in plans if plan.seconds is not None]
        if seconds:
            whole = max(1, round(sum(seconds)))
            rows.append(("clock", trn("About {count} second", "About {count} seconds", whole)))
        rows.append(("folder", show(str(self._flow.output or ""))))
        if self._flow.profile:
            rows.append(("save", tr("Profile: {name}", name=self._flow.profile)))
        if self._flow.copy is not None:
            copied = human_size(self._flow.copy.size)
            rows.append(("lock", tr("From a private copy of {size}", size=copied)))
        for icon, words in rows:
            row = QHBoxLayout()
            row.setSpacing(10)
            row.addWidget(
                IconLabel(self._theme, icon, self._cost_inner, None, 16),
                0,
                Qt.AlignmentFlag.AlignTop,
            )
            row.addWidget(Label(words, self._cost_inner, wrap=True), 1)
            self._cost.addLayout(row)

    def _typed(self, value: str) -> None:
        self._flow.typed = value
        self._say_compared()
        self.changed.emit()

    def _say_compared(self) -> None:
        typed = self._flow.typed.replace(" ", "")
        if not typed:
            words, tone = tr("Not compared."), "neutral"
        elif self._flow.digest_compared():
            words, tone = tr("Compared: the characters match."), "ok"
        elif self._flow.release_digest()[-COMPARED:].startswith(typed.lower()):
            words = tr("{typed} of {count} typed", typed=len(typed), count=COMPARED)
            tone = "neutral"
        else:
            words, tone = tr("That is not the end of this digest."), "error"
        self._compared.setText(words)
        restyle(self._compared, tone=tone)


def _least_worrying(artifact: Artifact) -> tuple[bool, bool, str]:
    changed = artifact.difference
    return not (changed and changed.findings), not (changed and changed.changes), str(artifact.path)
