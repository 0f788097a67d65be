"""The README's commands, run as a newcomer would: in its order, in an empty directory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.gnupg import GPGCONF

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"^```sh (readme|readme-refused)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_first_release_of_the_readme(tmp_path: Path) -> None:
    """Every block ends as the text says: with 0, or refused with 1."""
    blocks = BLOCK.findall(README.read_text("utf-8"))
    assert len(blocks) >= 6
    home = Path(os.environ["HOME"])
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SIGNSTATION_HOME": str(tmp_path / "station"),
        "GNUPGHOME": str(home / "readme"),
    }
    (home / "readme").mkdir(mode=0o700)
    work = tmp_path / "work"
    work.mkdir()
    try:
        for kind, commands in blocks:
            done = subprocess.run(
                ("sh", "-e", "-c", commands),
                cwd=work,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            wanted = 1 if kind == "readme-refused" else 0
            assert done.returncode == wanted, f"{commands}\n{done.stdout}\n{done.stderr}"
            if wanted:
                assert "Changed: signed/hello-1.0.tar.gz" in done.stdout
    finally:
        stop = (GPGCONF, "--homedir", str(home / "readme"), "--kill", "all")
        subprocess.run(stop, check=False)


def test_every_picture_and_page_of_the_readme_is_there() -> None:
    """Links into the tree lead somewhere."""
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text("utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []
