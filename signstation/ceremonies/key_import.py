"""Taking a key or certificate in: from which file, into which store."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from signstation.ceremonies.answers import Answers, Choice, Field, FieldKind, Problem
from signstation.ceremonies.procedure import Effect, EffectKind, Preview, Procedure, Result, Step
from signstation.ceremonies.reading import chosen, read_path
from signstation.model.artifacts import Fact, FactStyle
from signstation.model.keys import KeyInfo, KeyState
from signstation.model.text import Text, text


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """The arguments of ``StationApi.import_key``."""

    store: str
    path: Path


class Kind(Enum):
    """What is in the file; the value is the store that takes it."""

    OPENPGP = "gpg"
    KEY_FILE = "file"


_OPENPGP_NAMES = frozenset({".asc", ".gpg", ".pgp", ".kbx"})
FILE: Field[Path] = Field(
    "file",
    Text("File"),
    FieldKind.FILE,
    read_path,
    words=Text("OpenPGP keys as text or binary; PEM, PKCS#8 and PKCS#12 files."),
)


def _by_name(answers: Answers) -> str:
    """Propose by the name alone; the person sees it, and the store looks at the content."""
    path = answers.read(FILE)
    named = not isinstance(path, Problem) and path.suffix.lower() in _OPENPGP_NAMES
    kind = Kind.OPENPGP if named else Kind.KEY_FILE
    return str(kind.value)


KIND: Field[Kind] = Field(
    "kind",
    Text("What is in it"),
    FieldKind.CHOICE,
    chosen(Kind),
    default=_by_name,
    choices=lambda _: (
        Choice(
            Kind.OPENPGP.value,
            Text("OpenPGP keys or certificates"),
            Text("They become part of GnuPG's home. Private keys keep their passphrase."),
        ),
        Choice(
            Kind.KEY_FILE.value,
            Text("A key file, with its certificate"),
            Text("It is copied into the station's own folder, still under its passphrase."),
        ),
    ),
    logged=True,
)


def key_import() -> Procedure[ImportOrder, tuple[KeyInfo, ...]]:
    """Describe how a key is taken in."""

    def order(answers: Answers) -> ImportOrder:
        return ImportOrder(answers[KIND].value, answers[FILE])

    return Procedure(
        id="key-import",
        title=Text("Import a key"),
        sentence=Text("A key of your own from a file, or the public half of another's."),
        steps=(
            Step(
                "file",
                Text("File"),
                Text("Which file holds the key?"),
                Text("The file is only read. What it holds is checked before it is taken in."),
                (FILE, KIND),
            ),
        ),
        action=Text("Import the key"),
        doing=Text("Taking the key in…"),
        preview=lambda answers: _preview(order(answers)),
        order=order,
        result=lambda _, taken: _result(taken),
    )


def _preview(order: ImportOrder) -> Preview:
    where = (
        Text("What the file holds becomes part of GnuPG's home.")
        if order.store == Kind.OPENPGP.value
        else Text("The key is copied into the station's own folder.")
    )
    return Preview(
        effects=(
            Effect(EffectKind.STAY, Text("The file is read, and stays as it is."), str(order.path)),
            Effect(EffectKind.WRITE, where),
            Effect(
                EffectKind.TRUST,
                Text("A key with its private half is your own: this station trusts it."),
            ),
            Effect(
                EffectKind.STAY, Text("A public half alone is listed, and not trusted by that.")
            ),
        ),
        undo=Text("Delete the key from its store to undo it."),
        command=shlex.join(
            ("signstation", "key", "import", str(order.path), "--store", order.store)
        ),
    )


def _result(taken: tuple[KeyInfo, ...]) -> Result:
    own = [each for each in taken if each.state is not KeyState.PUBLIC_ONLY]
    first = next((each for each in taken if each.parent is None), taken[0] if taken else None)
    if first is None:
        return Result(Text("Nothing new was in the file."), Text("Every key was here already."))
    detail = (
        text("{count} with the private half: trusted by this station.", count=len(own))
        if own
        else Text("Public halves only: listed, not trusted by that.")
    )
    return Result(
        headline=text("{name} was taken in.", name=first.label),
        detail=detail,
        facts=(
            Fact(Text("Keys and subkeys"), str(len(taken))),
            Fact(Text("Lies in"), first.location, FactStyle.MONO),
        ),
        advice=(Text("Compare the fingerprint with the one that you were given."),),
        fingerprint=first.fingerprint,
        key=first.key,
    )
