"""The questions of key generation: their grammar, defaults and choices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path

from signstation.ceremonies.answers import Answers, Choice, Field, FieldKind, Problem
from signstation.ceremonies.key_purpose import ALGORITHMS, PURPOSES, Purpose
from signstation.ceremonies.reading import CONTROL, chosen, phrase, read_path
from signstation.keystores.keyfile_write import SUFFIXES
from signstation.model.keys import SSH_STORE, KeyInfo
from signstation.model.orders import KeyForm
from signstation.model.text import Text, text
from signstation.signatures.softwarekey_file import stem_of

DAY = 86400
YEAR = 365 * DAY
MAX_USER_ID = 255
"""Most bytes of an OpenPGP user id (the limit of the GnuPG key store)."""
MAX_COMMON_NAME = 64
"""Most characters of a common name (RFC 5280 appendix A.1, ub-common-name)."""
MAX_COMMENT = 128
"""Most characters of an SSH key's comment: one that is read in a line beside the key."""
SSH_SUFFIXES = (".ssh", ".ssh.pub")
"""Files of an SSH key: private key and public line (``keystores.ssh_write``)."""
MAX_LIFE = 2**32 - 1
"""Most seconds that an OpenPGP key can last (RFC 9580 section 5.2.3.13)."""
CONFIRM = "no passphrase"
"""What has to be typed for a key without one."""

_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
"""The everyday subset of RFC 5322 addr-spec, in ASCII: no quotes, no comments, no literals."""
_NOT_IN_NAMES = re.compile(r"[<>()@]")


@dataclass(frozen=True, slots=True)
class Places:
    """Where new keys lie, which key files are there already, and what the clock says.

    ``now`` is Unix seconds; ``taken`` holds the absolute paths of the key files in use.
    """

    gnupg_home: Path
    key_directory: Path
    taken: frozenset[Path]
    now: int


class Lasting(Enum):
    """How long the key lives; the value is what ``--expires`` takes."""

    ONE = "1y"
    TWO = "2y"
    THREE = "3y"
    UNTIL = "until"
    NEVER = "never"


class Guard(Enum):
    """What keeps the private key from being used by whoever reads the file."""

    PASSPHRASE = "passphrase"
    NONE = "none"


def _is_openpgp(answers: Answers) -> bool:
    return answers[PURPOSE].form is KeyForm.OPENPGP


def is_x509(answers: Answers) -> bool:
    """Whether the purpose calls for a key file with a certificate."""
    return answers[PURPOSE].form is KeyForm.X509


def is_ssh(answers: Answers) -> bool:
    """Whether the purpose calls for a key pair without a certificate."""
    return answers[PURPOSE].form is KeyForm.SSH


def in_files(answers: Answers) -> bool:
    """Whether the key becomes files in a directory, and no part of GnuPG's home."""
    return not _is_openpgp(answers)


def ends(answers: Answers) -> bool:
    """Whether the form of the key can carry a life time."""
    return not is_ssh(answers)


def files_of(name: str, form: KeyForm, directory: Path) -> tuple[Path, ...]:
    """Return the files of a key: the private one first, then what is given to others."""
    suffixes = SSH_SUFFIXES if form is KeyForm.SSH else SUFFIXES
    return tuple(directory / (stem_of(name) + suffix) for suffix in suffixes)


def _read_name(typed: str, _answers: Answers) -> str | Problem:
    name = typed.strip()
    if not name:
        return Problem(Text("Type who signs: a project, a team or a person."))
    if CONTROL.search(name):
        return Problem(Text("It holds invisible characters."))
    if found := _NOT_IN_NAMES.search(name):
        return Problem(text("A name has no “{character}”.", character=found[0]))
    return name


def _read_mail(typed: str, answers: Answers) -> str | Problem:
    mail = typed.strip()
    if not mail:
        return Problem(Text("Type the address under which people look for the key."))
    if not _MAIL.fullmatch(mail):
        return Problem(Text("An address looks like release@example.org, in plain letters."))
    name = answers.read(NAME)
    if isinstance(name, str) and len(f"{name} <{mail}>".encode()) > MAX_USER_ID:
        return Problem(text("Name and address have more than {limit} bytes.", limit=MAX_USER_ID))
    return mail


def _read_common_name(typed: str, _answers: Answers) -> str | Problem:
    name = typed.strip()
    if not name:
        return Problem(Text("Type a name that tells this key from your others."))
    if CONTROL.search(name):
        return Problem(Text("It holds invisible characters."))
    if len(name) > MAX_COMMON_NAME:
        return Problem(text("It has more than {limit} characters.", limit=MAX_COMMON_NAME))
    return name


def _read_comment(typed: str, _answers: Answers) -> str | Problem:
    comment = typed.strip()
    if not comment:
        return Problem(Text("Type a name that tells this key from your others."))
    if CONTROL.search(comment) or not comment.isprintable():
        return Problem(Text("It holds invisible characters."))
    if len(comment) > MAX_COMMENT:
        return Problem(text("It has more than {limit} characters.", limit=MAX_COMMENT))
    return comment


def _read_algorithm(typed: str, _answers: Answers) -> str:
    return typed


def _recommended(answers: Answers) -> str:
    return next(each.value for each in ALGORITHMS[answers[PURPOSE]] if each.recommended)


PURPOSE: Field[Purpose] = Field(
    "purpose",
    Text("Purpose"),
    FieldKind.CHOICE,
    chosen(Purpose),
    default=lambda _: Purpose.PACKAGES.value,
    choices=lambda _: PURPOSES,
    logged=True,
)
ALGORITHM: Field[str] = Field(
    "algorithm",
    Text("Algorithm"),
    FieldKind.CHOICE,
    _read_algorithm,
    default=_recommended,
    choices=lambda answers: ALGORITHMS[answers[PURPOSE]],
    logged=True,
)
NAME: Field[str] = Field(
    "name",
    Text("Name"),
    FieldKind.TEXT,
    _read_name,
    words=Text("As it shall stand in every signature, for example “Acme Release Signing 2026”."),
    asked=_is_openpgp,
)
MAIL: Field[str] = Field(
    "mail",
    Text("Mail address"),
    FieldKind.TEXT,
    _read_mail,
    words=Text("Users look for the key by it. No mail is sent."),
    asked=_is_openpgp,
)
COMMON_NAME: Field[str] = Field(
    "common-name",
    Text("Common name"),
    FieldKind.TEXT,
    _read_common_name,
    words=Text("It stands in the certificate. A host or a team and the year tell keys apart."),
    asked=is_x509,
)
COMMENT: Field[str] = Field(
    "comment",
    Text("Comment"),
    FieldKind.TEXT,
    _read_comment,
    words=Text("It stands behind the public key: a mail address, mostly, or a team and the year."),
    asked=is_ssh,
)
GUARD: Field[Guard] = Field(
    "protection",
    Text("Protection"),
    FieldKind.CHOICE,
    chosen(Guard),
    default=lambda _: Guard.PASSPHRASE.value,
    choices=lambda _: (
        Choice(
            Guard.PASSPHRASE.value,
            Text("A passphrase"),
            Text(
                "You are asked for it, twice, when the key is made, and again when it signs. It "
                "is stored nowhere: a lost passphrase is a lost key."
            ),
            recommended=True,
        ),
        Choice(
            Guard.NONE.value,
            Text("No passphrase"),
            Text(
                "For throw-away keys and build machines. Whoever copies the file can sign in your "
                "name; the key is marked so wherever it is shown."
            ),
        ),
    ),
    logged=True,
)
CONFIRMED: Field[str] = Field(
    "confirm",
    Text("Confirmation"),
    FieldKind.PHRASE,
    phrase(CONFIRM),
    words=text("Type “{phrase}” to have a key that anybody with the file can use.", phrase=CONFIRM),
    asked=lambda answers: answers[GUARD] is Guard.NONE,
)
LASTING: Field[Lasting] = Field(
    "lasting",
    Text("Life time"),
    FieldKind.CHOICE,
    chosen(Lasting),
    default=lambda _: Lasting.TWO.value,
    choices=lambda _: (
        Choice(Lasting.ONE.value, Text("One year"), Text("For keys that are replaced often.")),
        Choice(
            Lasting.TWO.value,
            Text("Two years"),
            Text("Long enough for a release cycle, short enough to practise the change of keys."),
            recommended=True,
        ),
        Choice(Lasting.THREE.value, Text("Three years"), Text("For keys that many have pinned.")),
        Choice(Lasting.UNTIL.value, Text("Until a day"), Text("You name the last day.")),
        Choice(Lasting.NEVER.value, Text("Without an end"), Text("Only a revocation ends it.")),
    ),
    logged=True,
)


@dataclass(frozen=True, slots=True)
class Dated:
    """The fields that look at the clock or at what is there."""

    places: Places

    def until(self) -> Field[int]:
        """Return the field of the last day; its value is in seconds from now."""
        return Field(
            "until",
            Text("Last day"),
            FieldKind.TEXT,
            self._read_until,
            words=Text("As year, month and day: 2029-06-30. Times are UTC."),
            asked=lambda answers: answers[LASTING] is Lasting.UNTIL,
            logged=True,
        )

    def folder(self) -> Field[Path]:
        """Return the field of the directory for key files."""
        return Field(
            "folder",
            Text("Folder"),
            FieldKind.DIRECTORY,
            self._read_folder,
            words=Text("The station's own folder is listed on the Keys page by itself."),
            default=lambda _: str(self.places.key_directory),
        )

    def _read_until(self, typed: str, _answers: Answers) -> int | Problem:
        try:
            last = date.fromisoformat(typed.strip())
        except ValueError:
            return Problem(Text("Write the day as in 2029-06-30."))
        seconds = (last - datetime.fromtimestamp(self.places.now, UTC).date()).days * DAY
        if seconds <= 0:
            return Problem(Text("That day has passed."))
        if seconds > MAX_LIFE:
            return Problem(text("A key lasts {years} years at most.", years=MAX_LIFE // YEAR))
        return seconds

    def _read_folder(self, typed: str, answers: Answers) -> Path | Problem:
        path = read_path(typed, answers)
        name = answers.read(COMMENT if is_ssh(answers) else COMMON_NAME)
        if isinstance(path, Path) and isinstance(name, str):
            for file in files_of(name, answers[PURPOSE].form, path):
                if file in self.places.taken:
                    words = text("There is a key already: {file}.", file=str(file))
                    return Problem(words)
        return path


def known_files(keys: tuple[KeyInfo, ...]) -> frozenset[Path]:
    """Return the key files of a listing, each with every name that it occupies."""
    files = {Path(each.key.locator) for each in keys if each.key.store == "file"}
    ssh = {Path(each.key.locator) for each in keys if each.key.store == SSH_STORE}
    pairs = {file for each in ssh if each.is_absolute() for file in (each, Path(f"{each}.pub"))}
    return frozenset(file.with_suffix(each) for file in files for each in SUFFIXES) | files | pairs
