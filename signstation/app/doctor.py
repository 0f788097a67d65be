"""Looks at this machine: what is here, what is missing, and what to do about it.

Each function looks at one thing and gives one row; the title says what was found, the detail what
it is about, and every row that is not good has a remedy.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import signstation
from signstation.app.settings import Settings
from signstation.app.trustpins import TrustPins
from signstation.errors import SignstationError, ToolError
from signstation.interfaces.tools import Programs
from signstation.model.jobs import JobRow, JobState
from signstation.model.station import DoctorRow, Health
from signstation.model.text import Text, text
from signstation.reports.words import human_size
from signstation.system.sandbox import Protection, ProtectionState

LITTLE_SPACE = 1_000_000_000
"""Free bytes below which a large release may not fit."""
NO_SPACE = 50_000_000
"""Free bytes below which even the journal may fail."""
CLOCK_SLACK = 3600
"""Seconds that the clock may lie behind what is known to have happened."""
_LONGEST_SOCKET = 107  # sun_path less its final zero, unix(7)
_FONTS = Path("/usr/share/fonts")
_FACES = ("Inter", "JetBrainsMono")
_DISPLAYS = ("WAYLAND_DISPLAY", "DISPLAY")


_REMEDY = Text("Use a newer kernel, or allow it in the container; other walls still stand.")
_REMEDIES = {
    "landlock": Text("Boot a kernel with Landlock (5.13 or later); the other walls still stand."),
    "network namespace": Text(
        "Allow user namespaces here; the system call filter refuses network sockets in any case."
    ),
}


def network(*, air_gap: bool) -> DoctorRow:
    """Whether any process may use the network."""
    if air_gap:
        detail = Text("No process of the station has network sockets; real tools run without any.")
        return DoctorRow("network", Health.GOOD, Text("Air gap: no network used"), detail)
    return DoctorRow(
        "network",
        Health.WARNING,
        Text("Network: allowed"),
        Text("Key stores in the network may be reached."),
        Text("Switch air-gap mode on where no such key is used."),
    )


def agent(programs: Programs, gnupg_home: Path | None) -> DoctorRow:
    """Whether gpg-agent answers, or can be started when it is needed."""
    where = ("--homedir", str(gnupg_home)) if gnupg_home else ()
    try:
        done = programs.run("gpgconf", (*where, "--list-dirs", "agent-socket"))
        programs.find("gpg-agent")
    except ToolError as error:
        return _missing_tool("agent", Text("GnuPG agent: not installed"), error)
    path = done.stdout.decode(errors="replace").strip()
    if _answers(path):
        detail = text("It answers at {path}.", path=path)
        return DoctorRow("agent", Health.GOOD, Text("GnuPG agent: ready"), detail)
    if len(os.fsencode(path)) > _LONGEST_SOCKET:
        return DoctorRow(
            "agent",
            Health.BAD,
            Text("GnuPG agent: its socket has too long a path"),
            text("{path} has more than {limit} bytes.", path=path, limit=_LONGEST_SOCKET),
            Text("Choose a GNUPGHOME with a shorter path."),
        )
    detail = Text("It is not running and is started when a key is needed.")
    return DoctorRow("agent", Health.GOOD, Text("GnuPG agent: ready to start"), detail)


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(path)
            return connection.recv(2) == b"OK"
        except (OSError, ValueError):
            return False


def protections(kinds: Mapping[str, Sequence[Protection]]) -> Iterable[DoctorRow]:
    """What the kernel grants to worker processes; ``kinds`` by the kind's name."""
    names = dict.fromkeys(each.name for found in kinds.values() for each in found)
    for name in names:
        refused = {
            kind: each.detail
            for kind, found in kinds.items()
            for each in found
            if each.name == name and each.state is not ProtectionState.INSTALLED
        }
        having = ", ".join(kind for kind in kinds if kind not in refused)
        if not refused:
            detail = text("Installed in every process that asks for it: {kinds}.", kinds=having)
            title = text("Protection {name}: installed", name=name)
            yield DoctorRow(f"protection.{name}", Health.GOOD, title, detail)
            continue
        kind, why = next(iter(refused.items()))
        yield DoctorRow(
            f"protection.{name}",
            Health.WARNING,
            text("Protection {name}: refused by this kernel", name=name),
            text("In {kinds} processes: {why}.", kinds=", ".join(refused), why=why or kind),
            _REMEDIES.get(name, _REMEDY),
        )


def state_directory(home: Path) -> DoctorRow:
    """Whether there is space where journal and private copies are."""
    free = shutil.disk_usage(home).free
    detail = text("{free} free at {path}.", free=human_size(free), path=str(home))
    if free >= LITTLE_SPACE:
        return DoctorRow("state", Health.GOOD, Text("State directory: private, with space"), detail)
    return DoctorRow(
        "state",
        Health.BAD if free < NO_SPACE else Health.WARNING,
        Text("State directory: little space"),
        detail,
        Text("Make room, or move the station with SIGNSTATION_HOME."),
    )


def clock(now: int, jobs: Sequence[JobRow]) -> DoctorRow:
    """Whether the clock lies behind what has certainly happened already."""
    built = int(Path(signstation.__file__).stat().st_mtime)
    known = max([built, *(each.finished or each.created for each in jobs)])
    if now + CLOCK_SLACK >= known:
        detail = Text("It is later than this program's installation and every recorded job.")
        return DoctorRow("clock", Health.GOOD, Text("Clock: plausible"), detail)
    return DoctorRow(
        "clock",
        Health.BAD,
        Text("Clock: behind what has happened already"),
        text("It is {seconds} seconds behind the newest thing known here.", seconds=known - now),
        Text("Set the clock: a wrong signing time makes signatures that others refuse."),
    )


def journal(jobs: Sequence[JobRow]) -> DoctorRow:
    """Whether something was interrupted."""
    stopped = [each for each in jobs if each.state is JobState.INTERRUPTED]
    if not stopped:
        detail = text("{count} jobs are recorded, none is interrupted.", count=len(jobs))
        return DoctorRow("journal", Health.GOOD, Text("Journal: in order"), detail)
    return DoctorRow(
        "journal",
        Health.WARNING,
        text("Journal: {count} jobs are interrupted", count=len(stopped)),
        text("The newest is job {job}.", job=stopped[0].id),
        Text("Go on with them: signstation job resume"),
    )


def trust(pins: TrustPins) -> DoctorRow:
    """Whether the pinned certificates are whole."""
    try:
        count = len(pins.materials())
    except SignstationError as error:
        return DoctorRow(
            "trust",
            Health.BAD,
            Text("Trusted keys: damaged"),
            Text(str(error.values().get("reason", error.code))),
            Text("Restore the directory “trust” of the state directory from a backup."),
        )
    detail = text("{count} certificates are trusted because they are this station's.", count=count)
    return DoctorRow("trust", Health.GOOD, Text("Trusted keys: whole"), detail)


def settings(found: Settings) -> DoctorRow:
    """Which settings hold and where they come from."""
    detail = text(
        "Cores {cores} ({cores_from}), batch unlock {unlock} ({unlock_from}), {count} profiles.",
        cores=found.cores.value or "all",
        cores_from=found.cores.source,
        unlock="allowed" if found.batch_unlock.value else "forbidden",
        unlock_from=found.batch_unlock.source,
        count=len(found.profiles),
    )
    return DoctorRow("settings", Health.GOOD, Text("Settings: read"), detail)


def display(environment: Mapping[str, str]) -> DoctorRow:
    """Whether the window can open here."""
    for name in _DISPLAYS:
        if environment.get(name):
            detail = text("{name} is {value}.", name=name, value=environment[name])
            return DoctorRow("display", Health.GOOD, Text("Display: found"), detail)
    return DoctorRow(
        "display",
        Health.WARNING,
        Text("Display: none"),
        Text("The window cannot open here; the command line does everything."),
        Text("Log in to a graphical session to use the window."),
    )


def fonts() -> DoctorRow:
    """Whether the two faces of the window are installed."""
    files = {path.name for path in _FONTS.rglob("*.[ot]tf")} if _FONTS.is_dir() else set()
    absent = [face for face in _FACES if not any(name.startswith(face) for name in files)]
    if not absent:
        detail = Text("Inter and JetBrains Mono are installed.")
        return DoctorRow("fonts", Health.GOOD, Text("Fonts: found"), detail)
    return DoctorRow(
        "fonts",
        Health.WARNING,
        Text("Fonts: missing"),
        text("Not found: {faces}. The window uses other faces.", faces=", ".join(absent)),
        Text("Install the packages fonts-inter and fonts-jetbrains-mono."),
    )


def _missing_tool(row: str, title: Text, error: ToolError) -> DoctorRow:
    package = str(error.values().get("package") or error.program)
    detail = text("{program} was not found in the system's directories.", program=error.program)
    remedy = text("Install the package {package}.", package=package)
    return DoctorRow(row, Health.BAD, title, detail, remedy)
