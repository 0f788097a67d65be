"""The programs that give second opinions and keep keys: which are here, in which version."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from signstation.errors import ToolError, ToolMissing
from signstation.interfaces.tools import Programs
from signstation.model.station import DoctorRow, Health
from signstation.model.text import Text, text


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and what is lost without it. ``version`` are the arguments that print one."""

    name: str
    purpose: Text
    absent: Health = Health.WARNING
    version: tuple[str, ...] = ("--version",)


TOOLS = (
    Tool("gpg", Text("OpenPGP keys and trust files"), Health.BAD),
    Tool("gpgconf", Text("Finds the agent of a GnuPG home"), Health.BAD),
    Tool("gpg-agent", Text("Signs with the keys of a GnuPG home"), Health.BAD),
    Tool("gpgv", Text("Second opinion on detached OpenPGP signatures")),
    Tool("rpmkeys", Text("Second opinion on RPM packages")),
    Tool("debsig-verify", Text("Second opinion on Debian packages")),
    Tool("openssl", Text("Second opinion on CMS signatures"), version=("version",)),
    Tool("modinfo", Text("Second opinion on kernel modules")),
    Tool("rpmbuild", Text("Builds the package of the demonstration")),
)
_VERSION = re.compile(r"\b\d+(?:\.\d+)*[\w.+~-]*")


def tools(programs: Programs) -> Iterable[DoctorRow]:
    """Run each program for its version. Blocks for some milliseconds each."""
    for tool in TOOLS:
        yield _row(programs, tool)


def _row(programs: Programs, tool: Tool) -> DoctorRow:
    identity = f"tool.{tool.name}"
    try:
        path = programs.find(tool.name)
        done = programs.run(tool.name, tool.version, timeout=10)
    except ToolMissing as error:
        return DoctorRow(
            identity,
            tool.absent,
            text("{tool}: not installed", tool=tool.name),
            tool.purpose,
            text("Install the package {package}.", package=error.package),
        )
    except ToolError as error:
        return DoctorRow(
            identity,
            Health.WARNING,
            text("{tool}: does not run", tool=tool.name),
            tool.purpose,
            text("See why {program} fails: {code}.", program=error.program, code=error.code),
        )
    found = _VERSION.search(done.stdout.decode(errors="replace"))
    version = found[0] if found else "version unknown"
    title = text("{tool} {version} ({path})", tool=tool.name, version=version, path=str(path))
    return DoctorRow(identity, Health.GOOD, title, tool.purpose)
