"""What each kind of process has in memory: no more than its work needs.

A parser that is not there cannot be attacked, and what is not imported takes no time at the start.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

WEB = ("http.", "urllib.request", "xml.")
FORMATS, STORES = "signstation.formats.", "signstation.keystores."
KEY = (
    "import signstation.worker.__main__, signstation.worker.key\n"
    "from signstation.registry.stores import load_keystores; load_keystores()"
)
CHECK = (
    "import signstation.worker.__main__, signstation.worker.check\n"
    "from signstation.registry.plugins import load_formats; load_formats()"
)
NEEDED = {"check worker": ("xml.parsers",)}
"""What a process needs after all: expat, for the lists of RPM repositories."""
PROCESSES = {
    "hash worker": (
        "import signstation.worker.__main__, signstation.worker.hashing",
        (FORMATS, STORES, "signstation.model.checks", "signstation.model.orders", "cryptography"),
    ),
    "key worker": (KEY, (FORMATS, "signstation.model.artifacts", "signstation.jobs")),
    "check worker": (CHECK, (STORES, "signstation.jobs", "signstation.app")),
    "client": (
        "import signstation.__main__, signstation.cli.sign",
        (FORMATS, STORES, "signstation.worker", "signstation.jobs.runner", "cryptography.x509"),
    ),
    "station": (
        "import signstation.__main__, signstation.cli.sign, signstation.app.owner",
        (FORMATS, STORES),
    ),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_imports_what_it_needs_and_no_more(name: str) -> None:
    code, forbidden = PROCESSES[name]
    listing = "\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code + listing], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    found = [each for each in loaded if each.startswith((*forbidden, *WEB))]
    assert [each for each in found if not each.startswith(NEEDED.get(name, ()))] == []
