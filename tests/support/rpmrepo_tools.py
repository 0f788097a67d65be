"""What looks at RPM repositories in tests: the station, createrepo_c, and the real dnf."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from signstation.formats.rpmrepo import FORMAT
from signstation.jobs.nested import Judging, Surveyor, vicinity
from signstation.model.members import Surroundings
from tests.support.engine import LocalCheck, LocalHashes


async def survey(path: Path, judging: Judging | None = None) -> Surroundings:
    """What the station finds around a repomd.xml that was named by itself."""
    where = vicinity(FORMAT, path.parent, path.name, frozenset({path.name}))
    with path.open("rb") as file:
        surveyor = Surveyor(LocalCheck(), LocalHashes(), judging)
        return await surveyor.look(where, file.fileno(), FORMAT)


def dnf(
    repository: Path, key: bytes, *command: str, repo_gpgcheck: bool = True, gpgcheck: bool = True
) -> tuple[int, str]:
    """Run dnf with one source, in a root of its own; status and words.

    Accepted keys stay in an installation root, so each call has a new one.
    """
    with tempfile.TemporaryDirectory(prefix="dnf-", dir="/tmp") as scratch:
        top = Path(scratch)
        (top / "root").mkdir()
        (top / "key.asc").write_bytes(key)
        (top / "dnf.conf").write_text(
            f"[main]\nreposdir=\npluginpath=\nplugins=0\ncachedir={top}/cache\n"
            f"logdir={top}/log\npersistdir={top}/persist\ntsflags=\n"
            f"[ours]\nname=ours\nbaseurl=file://{repository}\nenabled=1\n"
            f"repo_gpgcheck={int(repo_gpgcheck)}\ngpgcheck={int(gpgcheck)}\n"
            f"gpgkey=file://{top}/key.asc\n",
            encoding="utf-8",
        )
        done = subprocess.run(
            ["dnf", "-y", "-c", f"{top}/dnf.conf", f"--installroot={top}/root",
             "--releasever=1", "--setopt=install_weak_deps=0", *command],
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "HOME": scratch},
            capture_output=True,
            check=False,
            timeout=300,
        )  # fmt: skip
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def createrepo(root: Path, *options: str) -> Path:
    """Make the lists with createrepo_c; return repomd.xml."""
    command = ["createrepo_c", "-q", "--workers", "1", *options, str(root)]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    return root / "repodata/repomd.xml"
