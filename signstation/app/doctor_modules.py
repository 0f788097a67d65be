"""Examining the machine: the PKCS#11 modules of the settings. None of them is loaded for it."""

from __future__ import annotations

from collections.abc import Iterable

from signstation.model.station import DoctorRow, Health
from signstation.model.text import Text, text
from signstation.model.tokens import TokenPlaces
from signstation.system.programs import trusted


def modules(places: TokenPlaces) -> Iterable[DoctorRow]:
    """Yield a row for each module: whether it is there, and whether it would be loaded."""
    for number, path in enumerate(places.modules, 1):
        id_ = f"pkcs11.{number}"
        at = text("It is at {path}.", path=str(path))
        try:
            sound = path.is_file() and trusted(path.resolve(strict=True))
        except (OSError, RuntimeError):
            sound = False
        if sound:
            title = text("PKCS#11 module {name}: ready", name=path.name)
            yield DoctorRow(id_, Health.GOOD, title, at)
        elif path.is_file():
            yield DoctorRow(
                id_,
                Health.BAD,
                text("PKCS#11 module {name}: not loaded", name=path.name),
                text("Others than you and root may write {path}.", path=str(path)),
                Text("Let only root write the file and its folders."),
            )
        else:
            yield DoctorRow(
                id_,
                Health.BAD,
                text("PKCS#11 module {name}: not there", name=path.name),
                text("The settings name {path}.", path=str(path)),
                Text("Install it, or correct “modules” below [pkcs11] in the settings."),
            )
