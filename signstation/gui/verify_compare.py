"""What changed since an earlier version of a verified artifact, beside its verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from signstation.app.api import StationApi
from signstation.app.difference import Difference, compare
from signstation.errors import ArtifactChanged, SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.difference import DifferenceView
from signstation.gui.errors import parse_error
from signstation.gui.parts import Card, Label
from signstation.gui.theme import Theme
from signstation.gui.words import tr
from signstation.model.artifacts import Inspection
from signstation.model.checks import Verification
from signstation.model.station import Inspected
from signstation.model.versions import Earlier, Subject

_Then: TypeAlias = "Callable[[Inspection], None]"
LOWEST, HIGHEST = 96, 380
"""Heights between which the card shows a difference without scrolling, in px."""


class Comparison(QObject):
    """Inspects an artifact and its earlier version; what belongs to an older order is never told.

    Lives on the GUI thread.
    """

    compared = Signal(object, object)
    """Difference and Earlier; None for both where this station signed no earlier version."""

    failed = Signal(object)
    """SignstationError."""

    def __init__(self, station: StationApi, bridge: Bridge, parent: QObject) -> None:
        """Start nothing."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._number = 0

    def stop(self) -> None:
        """Give up what is under way."""
        self._number += 1

    def start(self, verification: Verification, chosen: Path | None = None) -> None:
        """Compare with ``chosen``, or with what this station signed last of the same thing."""
        self.stop()
        number = self._number
        path = Path(verification.path)

        def looked(new: Inspection) -> None:
            if new.sha256 != verification.sha256:
                self.failed.emit(ArtifactChanged(path=str(path)))
            elif chosen is not None:
                self._compare(number, new, Earlier(path, chosen, None, 0), told=False)
            else:
                self._find(number, new, Subject(path, new.format, new.title))

        self._inspect(number, path, looked)

    def _inspect(self, number: int, path: Path, then: _Then) -> None:
        found: list[Inspected] = []

        def done(_: None) -> None:
            if number != self._number:
                return
            for each in found:
                if each.path == path and each.inspection is not None:
                    then(each.inspection)
                    return
            errors = [each.error for each in found if each.error]
            if errors:
                self.failed.emit(parse_error(errors[0]))

        future = self._station.inspect((path,), None, self._bridge.streaming(found.append))
        self._bridge.deliver(future, done, lambda error: self._fail(number, error))

    def _find(self, number: int, new: Inspection, subject: Subject) -> None:
        def found(earlier: tuple[Earlier, ...]) -> None:
            if number != self._number:
                return
            if earlier:
                self._compare(number, new, earlier[0], told=True)
            else:
                self.compared.emit(None, None)

        future = self._station.earlier((subject,))
        self._bridge.deliver(future, found, lambda error: self._fail(number, error))

    def _compare(self, number: int, new: Inspection, earlier: Earlier, *, told: bool) -> None:
        def looked(old: Inspection) -> None:
            if earlier.sha256 not in {None, old.sha256}:
                self.failed.emit(ArtifactChanged(path=str(earlier.path)))
                return
            self.compared.emit(compare(old, new), earlier if told else None)

        self._inspect(number, earlier.path, looked)

    def _fail(self, number: int, error: SignstationError) -> None:
        if number == self._number:
            self.failed.emit(error)


class ComparisonCard(Card):
    """Emits ``chosen`` with the Path of an earlier version that a person picked."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Say that it is being looked for."""
        super().__init__(parent, tr("What changed"))
        self._waiting = Label(tr("Looking for an earlier version…"), self, "sub", wrap=True)
        self.body.addWidget(self._waiting)
        self._view = DifferenceView(theme, self)
        self._view.chosen.connect(self.chosen)
        self._view.hide()
        self.body.addWidget(self._view)

    def show_difference(self, difference: Difference | None, earlier: Earlier | None) -> None:
        """Show what changed, or that there is nothing to compare with yet."""
        self._waiting.hide()
        self._view.show_difference(difference, earlier)
        self._view.show()
        inner = self._view.widget()
        height = inner.sizeHint().height() if inner is not None else 0
        self._view.setFixedHeight(max(LOWEST, min(height + 4, HIGHEST)))
