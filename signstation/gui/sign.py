"""The Sign page: from files to verified results in six steps."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QElapsedTimer
from PySide6.QtWidgets import QWidget

from signstation.app.api import StationApi
from signstation.app.difference import Difference
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import error_sentence
from signstation.gui.kinds import kind_title
from signstation.gui.notice import PAGE, Choice, Notice
from signstation.gui.pages import Head, Page, PageName, page_column
from signstation.gui.parts import ActionButton, Banner
from signstation.gui.sign_flow import Artifact, SignFlow
from signstation.gui.sign_keys import KeysStep
from signstation.gui.sign_list import MAX_LINKS, WantedList
from signstation.gui.sign_prepare import Preparation
from signstation.gui.sign_profile import apply_profile, make_profile
from signstation.gui.sign_result import ResultStep
from signstation.gui.sign_review import ReviewStep
from signstation.gui.sign_run import SignRun
from signstation.gui.sign_steps import ChooseStep, InspectStep
from signstation.gui.stepper import Step, Stepper
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr
from signstation.model.copies import CopiedIn, CopyNews
from signstation.model.jobs import StepRow
from signstation.model.keys import KeyInfo
from signstation.model.lists import MadeList
from signstation.model.orders import PlanSummary
from signstation.model.profiles import Profile
from signstation.model.releases import Survey
from signstation.model.station import Inspected
from signstation.model.text import Text
from signstation.model.versions import Earlier
from signstation.reports.words import show

CHOOSE, INSPECT, KEYS, REVIEW, RESULT = range(5)


class SignPage(Page):
    """Owns the flow; every call of the station comes back through the bridge."""

    def __init__(
        self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget | None = None
    ) -> None:
        """Build the five steps; nothing is asked of the station yet."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._flow = SignFlow()
        self._planning = 0
        self._inspected = True
        self._prepare = Preparation(station, bridge, self)
        self._copy_clock = QElapsedTimer()
        self._run = SignRun(station, bridge, self)
        column = page_column(self)
        self._head = Head(
            tr("Sign a release"),
            tr("What you see here is what will be signed: digests are computed on this machine."),
            self,
        )
        self._over = ActionButton(theme, tr("Start over"), self, icon="refresh")
        self._over.clicked.connect(self._start_over)
        self._head.buttons.addWidget(self._over)
        column.addWidget(self._head)
        self._banner = Banner(theme, self)
        column.addWidget(self._banner)
        self.notice = Notice(theme, self, PAGE)
        column.addWidget(self.notice)
        self._stepper = Stepper(theme, self)
        self._choose = ChooseStep(theme, station, bridge, self._stepper)
        self._look = InspectStep(theme, self._stepper)
        self._keys = KeysStep(theme, self._stepper)
        self._review = ReviewStep(theme, self._stepper)
        self._result = ResultStep(theme, station, bridge, self._stepper)
        for step in (
            Step(tr("Choose"), self._choose, ""),
            Step(tr("Inspect"), self._look, tr("Choose keys")),
            Step(tr("Keys"), self._keys, tr("Review")),
            Step(tr("Review"), self._review, tr("Sign"), "sign"),
            Step(tr("Result"), self._result, ""),
        ):
            self._stepper.add(step)
        column.addWidget(self._stepper, 1)
        self._connect()
        self._entered(CHOOSE)

    def _connect(self) -> None:
        self._prepare.copying.connect(self._copying)
        self._prepare.copied.connect(self._copied)
        self._prepare.inspected.connect(self._found)
        self._prepare.compared.connect(self._compared)
        self._prepare.done.connect(self._prepared)
        self._prepare.failed.connect(self._failed)
        self._run.changed.connect(self._steps_changed)
        self._run.failed.connect(self._failed)
        self._stepper.wanted.connect(self._next)
        self._stepper.entered.connect(self._entered)
        self._choose.chosen.connect(self.take)
        self._choose.media.chosen.connect(self._copy_in)
        self._look.compare.connect(self._compare_with)
        self._look.listing.wanted.connect(self._make_list)
        self._keys.changed.connect(self._gate)
        self._keys.key_file.connect(self._import_key)
        self._keys.profiles.used.connect(self._use_profile)
        self._keys.profiles.saved.connect(self._save_profile)
        self._keys.profiles.deleted.connect(self._delete_profile)
        self._review.changed.connect(self._gate)
        self._result.verify.connect(self._verify)
        self._result.again.connect(self._start_over)
        self._result.cancel.connect(self._run.cancel)

    def take(self, paths: tuple[Path, ...]) -> None:
        """Begin with these paths: copy them in where others could change them, inspect them."""
        self._begin(paths, always=False)

    def _begin(self, paths: tuple[Path, ...], *, always: bool) -> None:
        if not paths or self._run.busy:
            return
        self._banner.hide()
        self._flow.begin(paths)
        self._stepper.lock(locked=False)
        self._inspected = False
        self._look.show_flow(self._flow, done=False)
        self._stepper.go(INSPECT)
        self._copy_clock.start()
        self._prepare.start(paths, always=always)

    def _copy_in(self, paths: tuple[Path, ...]) -> None:
        self._begin(paths, always=True)

    def _copying(self, news: CopyNews) -> None:
        self._look.show_copying(news, self._copy_clock.elapsed() / 1000)

    def _copied(self, copy: CopiedIn) -> None:
        self._flow.take_copy(copy)
        self._look.show_flow(self._flow, done=False)

    def _found(self, inspected: Inspected) -> None:
        self._flow.add(inspected)

    def _compared(self, path: Path, difference: Difference, earlier: Earlier | None) -> None:
        self._flow.compared(path, difference, earlier)

    def _prepared(self) -> None:
        if self._flow.folder() is None:
            self._ready()
            return
        paths = self._flow.paths

        def surveyed(survey: Survey) -> None:
            if self._flow.paths == paths:
                self._flow.surveyed(survey)
                self._ready()
                self._look.show_release(self._flow)

        self._bridge.deliver(self._station.survey(paths), surveyed, self._failed)

    def _ready(self) -> None:
        self._inspected = True
        self._look.show_flow(self._flow, done=True)
        self._gate()

    def _compare_with(self, artifact: Artifact, earlier: Path) -> None:
        self._banner.hide()
        self._prepare.compare_with(artifact.path, artifact.inspection, earlier)

    def _make_list(self, wanted: WantedList) -> None:
        self._banner.hide()
        self._look.listing.busy(busy=True)

        def failed(error: SignstationError) -> None:
            self._look.listing.busy(busy=False)
            self._failed(error)

        self._bridge.deliver(
            self._station.make_list(wanted.order), lambda made: self._listed(wanted, made), failed
        )

    def _listed(self, wanted: WantedList, made: MadeList) -> None:
        """Go on with the list alone, unless the page has left it; what it leaves out is told."""
        if self._flow.folder() == wanted.order.directory:
            self._look.listing.hide()
            self._begin((made.path,), always=False)
            self._flow.sign_list(wanted.signature, replace=wanted.order.replace)
        links = ", ".join(show(each.name) for each in made.left_out[:MAX_LINKS])
        self._banner.say(
            Tone.OK,
            tr("The list is written: {path}", path=show(str(made.path))),
            tr("Not listed, as they are links: {names}", names=links) if links else "",
        )

    def refresh(self) -> None:
        """Inspect the same paths again, as long as nothing is being signed."""
        if self._stepper.current in {INSPECT, KEYS, REVIEW}:
            self._begin(self._flow.chosen, always=self._flow.copy is not None)

    def leave(self) -> None:
        """Go back one step where that is possible; a running job goes on."""
        if self.notice.isVisible():
            self.notice.hide()
        elif self._stepper.current in {INSPECT, KEYS, REVIEW}:
            self._stepper.go(self._stepper.current - 1)

    def _entered(self, index: int) -> None:
        self._over.setVisible(index in {INSPECT, KEYS, REVIEW})
        if index == CHOOSE:
            self._choose.media.look()
        elif index == KEYS:
            self._bridge.deliver(self._station.keys(), self._keys_came, self._failed)
            self._keys.show_flow(self._flow)
            self._bridge.deliver(self._station.profiles(), self._profiles_came, self._failed)
        elif index == REVIEW:
            self._plan()
        self._gate()

    def _keys_came(self, keys: tuple[KeyInfo, ...]) -> None:
        self._flow.learn_keys(keys)
        if self._stepper.current == KEYS:
            self._keys.show_flow(self._flow)
            self._gate()

    def _profiles_came(self, profiles: tuple[Profile, ...]) -> None:
        self._keys.profiles.show_profiles(profiles, self._flow.profile)

    def _use_profile(self, profile: Profile) -> None:
        try:
            missing = apply_profile(profile, self._flow)
        except SignstationError as error:
            self._failed(error)
            return
        self._keys.show_flow(self._flow)
        if missing:
            kinds = ", ".join(kind_title(each) for each in missing)
            self._keys.profiles.say(tr("The key is not here for: {kinds}", kinds=kinds))
        self._gate()

    def _save_profile(self, name: str) -> None:
        profile = make_profile(name, self._flow)
        self._bridge.deliver(self._station.save_profile(profile), self._profile_saved, self._failed)

    def _profile_saved(self, profile: Profile) -> None:
        self._flow.profile = profile.name
        self._keys.profiles.name.clear()
        self._keys.profiles.say(tr("Saved in {file}", file=profile.source))
        self._bridge.deliver(self._station.profiles(), self._profiles_came, self._failed)

    def _delete_profile(self, profile: Profile) -> None:
        future = self._station.delete_profile(profile.name)
        self._bridge.deliver(future, self._profile_deleted, self._failed)

    def _profile_deleted(self, gone: Profile) -> None:
        def undo() -> None:
            self._bridge.deliver(
                self._station.save_profile(gone), self._profile_saved, self._failed
            )

        self._flow.profile = ""
        self.notice.ask(
            tr("Profile {name} is deleted; what is chosen below stays.", name=gone.name),
            "",
            Choice(tr("Undo"), tr("Close"), undo),
        )
        self._bridge.deliver(self._station.profiles(), self._profiles_came, self._failed)

    def _import_key(self, path: Path) -> None:
        self._bridge.deliver(
            self._station.import_key("file", path), self._key_imported, self._failed
        )

    def _key_imported(self, _: tuple[KeyInfo, ...]) -> None:
        self._bridge.deliver(self._station.keys(), self._keys_came, self._failed)

    def _plan(self) -> None:
        self._flow.plans = ()
        self._review.show_flow(self._flow)
        self._planning += 1
        number = self._planning
        texts = self._flow.clear_texts()
        if not texts:
            self._plan_orders(number)
            return
        found = self._bridge.streaming(self._flow.look_closer)
        future = self._station.inspect(texts, "text", found)
        self._bridge.deliver(future, lambda _: self._plan_orders(number), self._failed)

    def _plan_orders(self, number: int) -> None:
        orders = self._flow.orders()
        plans: list[PlanSummary] = []

        def planned(plan: PlanSummary) -> None:
            if number != self._planning:
                return
            plans.append(plan)
            if len(plans) == len(orders):
                self._flow.plans = tuple(plans)
                self._review.show_flow(self._flow)
                self._gate()

        for order in orders:
            self._bridge.deliver(self._station.plan(order), planned, self._failed)

    def _gate(self) -> None:
        reason: Text | None = None
        match self._stepper.current:
            case 1:
                reason = self._flow.not_inspected() if self._inspected else Text("Looking inside…")
            case 2:
                reason = self._flow.not_keyed() or self._keys.refused()
            case 3:
                reason = self._flow.not_reviewed()
            case _:
                pass
        self._stepper.allow_next(reason=say(reason) if reason else "")

    def _next(self, index: int) -> None:
        self._banner.hide()
        if index != REVIEW:
            self._stepper.go(index + 1)
            return
        self._stepper.go(RESULT)
        self._stepper.lock(locked=True)
        self._result.begin(self._flow.output, self._flow.title())
        self._run.start(self._flow.plans)

    def _steps_changed(self, rows: list[StepRow]) -> None:
        self._result.show_steps(rows)

    def _failed(self, error: SignstationError) -> None:
        self._banner.say(Tone.ERROR, error_sentence(error))
        self._inspected = True
        self._gate()

    def _verify(self, paths: tuple[Path, ...]) -> None:
        self.open_page.emit(PageName.VERIFY, paths)

    def _start_over(self) -> None:
        self._banner.hide()
        self._stepper.lock(locked=False)
        self._prepare.stop()
        self._planning += 1
        self._stepper.go(CHOOSE)
