"""Examining the machine as a client: whether it takes in what nobody signed."""

from __future__ import annotations

from pathlib import Path

from signstation.acceptance.clients import check_client, worth_mending
from signstation.app.clientfacts import collect
from signstation.errors import SignstationError
from signstation.model.station import DoctorRow, Health
from signstation.model.text import Text, text


def client(root: Path) -> DoctorRow:
    """Whether the settings below ``root`` let in what nobody signed. Blocks for small files."""
    try:
        facts = collect(root)
    except SignstationError as error:
        return DoctorRow(
            "client",
            Health.WARNING,
            Text("Settings of apt, dnf and the like: not read"),
            text("The code is {code}.", code=error.code),
            Text("Look by hand: signstation client check"),
        )
    found = worth_mending(check_client(facts.files))
    if not found:
        detail = text("{count} files were looked at.", count=len(facts.files))
        title = Text("Settings of apt, dnf and the like: only signed things get in")
        return DoctorRow("client", Health.GOOD, title, detail)
    first = found[0]
    return DoctorRow(
        "client",
        Health.WARNING,
        text("Settings that let in what nobody signed: {count}", count=len(found)),
        text("The first, {evidence}, is in {path}.", path=first.path, evidence=first.evidence),
        Text("See each, and what mends it: signstation client check"),
    )
