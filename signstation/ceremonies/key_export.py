"""Saving the public half of a key: where to, and what becomes of files that are there."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from signstation.ceremonies.answers import Answers, Choice, Field, FieldKind
from signstation.ceremonies.procedure import Effect, EffectKind, Preview, Procedure, Result, Step
from signstation.ceremonies.reading import chosen, read_path
from signstation.model.artifacts import Fact, FactStyle
from signstation.model.keys import KeyInfo, KeyRef
from signstation.model.text import Text, text


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """The arguments of ``StationApi.export_key``."""

    key: KeyRef
    directory: Path
    replace: bool


class Clash(Enum):
    """What becomes of a file that has the name already."""

    KEEP = "keep"
    REPLACE = "replace"


FOLDER: Field[Path] = Field(
    "folder",
    Text("Folder"),
    FieldKind.DIRECTORY,
    read_path,
    words=Text("A folder on a stick works too. It is made where it is missing."),
)
CLASH: Field[Clash] = Field(
    "clash",
    Text("Files that are there already"),
    FieldKind.CHOICE,
    chosen(Clash),
    default=lambda _: Clash.KEEP.value,
    choices=lambda _: (
        Choice(
            Clash.KEEP.value,
            Text("Keep them"),
            Text("Nothing is written where a file has the name already."),
            recommended=True,
        ),
        Choice(
            Clash.REPLACE.value,
            Text("Replace them"),
            Text("An older public half of the same name is overwritten."),
        ),
    ),
    logged=True,
)


def key_export(key: KeyInfo) -> Procedure[ExportOrder, tuple[Path, ...]]:
    """Describe how the public half of ``key`` is saved."""

    def order(answers: Answers) -> ExportOrder:
        return ExportOrder(key.key, answers[FOLDER], answers[CLASH] is Clash.REPLACE)

    return Procedure(
        id="key-export",
        title=Text("Save the public half"),
        sentence=text("What others need to verify signatures by {key}.", key=key.label),
        steps=(
            Step(
                "place",
                Text("Place"),
                Text("Where shall it lie?"),
                Text("Only public material is written. The private key does not leave its place."),
                (FOLDER, CLASH),
            ),
        ),
        action=Text("Save the public half"),
        doing=Text("Writing, and reading back…"),
        preview=lambda answers: _preview(order(answers)),
        order=order,
        result=lambda _, paths: _result(key, paths),
    )


def _preview(order: ExportOrder) -> Preview:
    replace = ("--replace",) if order.replace else ()
    clash = (
        Text("Files of the same name are replaced.")
        if order.replace
        else Text("A file that is there already is never replaced.")
    )
    command = (
        *("signstation", "key", "export", str(order.key)),
        *("--output", str(order.directory), *replace),
    )
    return Preview(
        effects=(
            Effect(
                EffectKind.WRITE,
                Text("The public half, as text and as binary, named after the key"),
                str(order.directory),
            ),
            Effect(EffectKind.MAKE, Text("Each file is read back from there and compared.")),
            Effect(EffectKind.STAY, clash),
        ),
        undo=Text("Delete the files to undo it; what was given to others cannot be called back."),
        command=shlex.join(command),
    )


def _result(key: KeyInfo, paths: tuple[Path, ...]) -> Result:
    return Result(
        headline=Text("The public half was written and read back."),
        detail=text("It belongs to {key}.", key=key.label),
        facts=tuple(Fact(Text("Written"), str(each), FactStyle.MONO) for each in paths),
        advice=(
            Text("Tell the fingerprint on another way than the files: on paper, or by phone."),
        ),
        fingerprint=key.fingerprint,
        key=key.key,
    )
