"""Making a key: purpose first, then what its users accept, name, life time and protection."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from signstation.ceremonies.answers import Answers, Field, Problem
from signstation.ceremonies.key_fields import (
    ALGORITHM,
    COMMENT,
    COMMON_NAME,
    CONFIRMED,
    GUARD,
    LASTING,
    MAIL,
    NAME,
    PURPOSE,
    YEAR,
    Dated,
    Guard,
    Lasting,
    Places,
    ends,
    in_files,
)
from signstation.ceremonies.key_made import preview, result
from signstation.ceremonies.key_purpose import NARROW, Purpose
from signstation.ceremonies.procedure import Procedure, Remark, Step
from signstation.model.artifacts import Severity
from signstation.model.keys import KeyInfo
from signstation.model.orders import GenerateOrder, KeyForm
from signstation.model.text import Text

LONG_LIFE = 3 * YEAR
"""Seconds from which on a life time is remarked upon."""


def expires(answers: Answers, until: Field[int]) -> int | None:
    """Return the life time in seconds, None for no end, which is all that SSH knows."""
    if not ends(answers):
        return None
    match answers[LASTING]:
        case Lasting.NEVER:
            return None
        case Lasting.UNTIL:
            return answers[until]
        case lasting:
            return int(lasting.value[:-1]) * YEAR


def _life_remarks(answers: Answers, until: Field[int]) -> tuple[Remark, ...]:
    found: list[Remark] = []
    last: int | Problem = answers.read(until)
    if isinstance(last, Problem) and answers[LASTING] is Lasting.UNTIL:
        return ()
    seconds = expires(answers, until)
    if seconds is None:
        words = Text("A key without an end that is lost stays trusted wherever it was pinned.")
        found.append(Remark(Severity.WARNING, words))
    elif seconds > LONG_LIFE:
        words = Text("The longer a key lives, the longer a stolen one is worth something.")
        found.append(Remark(Severity.NOTE, words))
    if answers[PURPOSE] is Purpose.MODULES:
        words = Text(
            "Kernels do not look at the date: for them a module key ends when it is deleted from "
            "the list of machine owner keys."
        )
        found.append(Remark(Severity.NOTE, words))
    return tuple(found)


def _algorithm_remarks(answers: Answers) -> tuple[Remark, ...]:
    if answers[ALGORITHM] not in NARROW[answers[PURPOSE]]:
        return ()
    words = Text("Part of your users may not be able to verify it. It cannot be changed later.")
    return (Remark(Severity.WARNING, words),)


def _guard_remarks(answers: Answers) -> tuple[Remark, ...]:
    if answers[GUARD] is Guard.PASSPHRASE:
        return ()
    words = Text("The private key will lie in a file that protects nothing but its permissions.")
    return (Remark(Severity.WARNING, words),)


def _name(answers: Answers) -> str:
    match answers[PURPOSE].form:
        case KeyForm.OPENPGP:
            return f"{answers[NAME]} <{answers[MAIL]}>"
        case KeyForm.X509:
            return answers[COMMON_NAME]
        case KeyForm.SSH:
            return answers[COMMENT]
        case form:
            assert_never(form)


def key_generation(places: Places) -> Procedure[GenerateOrder, tuple[KeyInfo, ...]]:
    """Describe how a key is made on this station."""
    dated = Dated(places)
    until, folder = dated.until(), dated.folder()

    def order(answers: Answers) -> GenerateOrder:
        return GenerateOrder(
            form=answers[PURPOSE].form,
            name=_name(answers),
            algorithm=answers[ALGORITHM],
            expires=expires(answers, until),
            usage=answers[PURPOSE].usage,
            protect=answers[GUARD] is Guard.PASSPHRASE,
            output=answers[folder] if in_files(answers) else None,
        )

    return Procedure(
        id="key-generation",
        title=Text("Make a key"),
        sentence=Text("Nothing is made before you have seen everything that will happen."),
        steps=_steps(until, folder),
        action=Text("Make the key"),
        doing=Text("Making the key…"),
        preview=lambda answers: preview(order(answers), places.gnupg_home, places.now),
        order=order,
        result=lambda answers, made: result(order(answers), made),
    )


def _steps(until: Field[int], folder: Field[Path]) -> tuple[Step, ...]:
    return (
        Step(
            "purpose",
            Text("Purpose"),
            Text("What will the key sign?"),
            Text("The purpose decides the form of the key. One key for each purpose is safest."),
            (PURPOSE,),
        ),
        Step(
            "algorithm",
            Text("Algorithm"),
            Text("Who has to be able to verify it?"),
            Text("The oldest system that is still in use among your users decides."),
            (ALGORITHM,),
            _algorithm_remarks,
        ),
        Step(
            "name",
            Text("Name"),
            Text("Under which name does it sign?"),
            Text("The name is public, and cannot be taken back once the key was given to others."),
            (NAME, MAIL, COMMON_NAME, COMMENT),
        ),
        Step(
            "place",
            Text("Place"),
            Text("Where shall the key lie?"),
            Text("The private key and what is given to others become files of one name there."),
            (folder,),
            needed=in_files,
        ),
        Step(
            "life",
            Text("Life time"),
            Text("How long shall it last?"),
            Text("Signatures that were made in time stay valid; new ones need a key that lives."),
            (LASTING, until),
            lambda answers: _life_remarks(answers, until),
            needed=ends,
        ),
        Step(
            "protection",
            Text("Protection"),
            Text("What protects the private key?"),
            Text("Move it to a token later to have it where it cannot be copied."),
            (GUARD, CONFIRMED),
            _guard_remarks,
        ),
    )
