"""The languages of the window: the person's choice, the system's, and the catalogue of texts.

A choice takes effect when the window is opened the next time: texts are translated when a widget
is made, and what was typed and chosen must not be lost on the way. The command line and everything
that is kept (journal, reports for machines) stay English.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from signstation.gui.words import CONTEXT
from signstation.model.language import Language
from signstation.reports.language import read_catalogue

NAMES = {Language.ENGLISH: "English", Language.GERMAN: "Deutsch"}
"""Each in its own language: who cannot read the window finds the way back."""


class Catalogue(QTranslator):
    """English template to translated template, out of ``resources/translations``."""

    def __init__(self, language: Language, parent: QObject) -> None:
        """Read the file. Raises FileNotFoundError where the installation is incomplete."""
        super().__init__(parent)
        self.code = language
        self._entries = read_catalogue(language)

    def isEmpty(self) -> bool:
        """It has entries: Qt would not ask an empty one."""
        return False

    def translate(
        self, context: str, source: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        """Return the translation, None for texts that are not ours or not translated."""
        del disambiguation, n
        return self._entries.get(source) if context == CONTEXT else None


def system_language() -> Language:
    """Return the first of the system's languages that the window speaks, else English."""
    for each in QLocale.system().uiLanguages():
        code = each.partition("-")[0]
        for language in Language:
            if language.value == code:
                return language
    return Language.ENGLISH


def speak(application: QCoreApplication, language: Language) -> None:
    """Translate every text that is made from now on; Qt's own dialogues too.

    Called once, before the first widget is made.
    """
    QLocale.setDefault(QLocale(language.value))
    if language is Language.ENGLISH:
        return
    dialogues = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if dialogues.load(f"qtbase_{language.value}", folder):
        application.installTranslator(dialogues)
    application.installTranslator(Catalogue(language, application))


def quiet(application: QCoreApplication) -> None:
    """Take the translations out again: texts that are made from now on are English."""
    for each in application.findChildren(QTranslator):
        application.removeTranslator(each)
        each.setParent(None)
    QLocale.setDefault(QLocale(Language.ENGLISH.value))


def spoken() -> Language:
    """Return the language that texts are made in now."""
    application = QCoreApplication.instance()
    found = application.findChild(Catalogue) if application is not None else None
    return found.code if isinstance(found, Catalogue) else Language.ENGLISH
