"""The real tools read settings as we do, and what we say mends them does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from signstation.acceptance.apt_settings import RULES
from signstation.acceptance.aptconf import settings
from signstation.acceptance.clients import check_client
from signstation.acceptance.facts import FactFile
from signstation.app.clientfacts import collect
from tests.support.referees import NEUTRAL, run

CONF = """// a comment; "with" { signs
Acquire { AllowInsecureRepositories "true"; /* another
  one */ https { Verify-Peer no; "Verify-Host" "false"; };
  Check-Valid-Until "false"; Check-Date 0 ;
};
# a third
APT::Get::AllowUnauthenticated true;
Acquire::AllowWeakRepositories "yes"; Acquire::AllowDowngradeToInsecureRepositories "1";
"""


def apt_config(root: Path) -> dict[str, str]:
    """What apt itself reads below a root."""
    (root / "conf").write_text(f'Dir "{root}";\n')
    done = run(["apt-config"], ["dump"], environment={**NEUTRAL, "APT_CONFIG": f"{root}/conf"})
    assert done.returncode == 0, done
    return {
        name.lower(): value for name, value in re.findall(r'^(\S+) "(.*)";$', done.stdout, re.M)
    }


def test_apt_reads_the_same_values_and_the_mends_overrule_them(tmp_path: Path) -> None:
    directory = tmp_path / "etc/apt/apt.conf.d"
    directory.mkdir(parents=True)
    (directory / "50x").write_text(CONF)
    names = {rule.name.lower() for rule in RULES}
    read = {each.name: each.value for each in settings(FactFile("/x", CONF.encode()))}
    said = apt_config(tmp_path)
    assert {name: said[name] for name in names} == {name: read[name] for name in names}
    findings = check_client(collect(tmp_path).files)
    assert len(findings) == len(RULES)
    lines = "".join(f"{each.mend}\n" for each in findings)
    (mended,) = {each.drop_in for each in findings}
    (tmp_path / mended[1:]).write_text(lines)
    assert check_client(collect(tmp_path).files) == ()
    said = apt_config(tmp_path)
    assert {said[rule.name.lower()] for rule in RULES if rule.safe} == {"true"}
    assert {said[rule.name.lower()] for rule in RULES if not rule.safe} == {"false"}


CHECK = "Acquire::Check-Date"
ODD = {
    "the end of no scope": (f'}};\n{CHECK} "false";', "false"),
    "a comment without an end": (f'{CHECK} "no";\n/* no end\n{CHECK} "yes";', "no"),
    "taken back": (f'{CHECK} "false";\n#clear {CHECK};', ""),
}


@pytest.mark.parametrize("name", sorted(ODD))
def test_apt_reads_odd_files_as_we_do(tmp_path: Path, name: str) -> None:
    text, value = ODD[name]
    directory = tmp_path / "etc/apt/apt.conf.d"
    directory.mkdir(parents=True)
    (directory / "50x").write_text(text)
    assert apt_config(tmp_path).get(CHECK.lower(), "") == value
    assert bool(check_client(collect(tmp_path).files)) is (value != "")


def test_apt_refuses_what_we_call_unreadable(tmp_path: Path) -> None:
    directory = tmp_path / "etc/apt/apt.conf.d"
    directory.mkdir(parents=True)
    (directory / "50x").write_text('Acquire { "x')
    (tmp_path / "conf").write_text(f'Dir "{tmp_path}";\n')
    done = run(["apt-config"], ["dump"], environment={**NEUTRAL, "APT_CONFIG": f"{tmp_path}/conf"})
    assert done.returncode != 0, done
    (found,) = check_client(collect(tmp_path).files)
    assert found.code == "client.unreadable"


def test_rpm_takes_the_last_definition_too(tmp_path: Path) -> None:
    files = {"usr/lib/rpm/macros": "digest", "etc/rpm/macros.a": "none"}
    for name, level in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(f"%_pkgverify_level {level}\n")
    (found,) = check_client(collect(tmp_path).files)
    assert found.evidence == f"%_pkgverify_level {level_of(tmp_path)}" == "%_pkgverify_level none"
    (tmp_path / found.drop_in[1:]).write_text(f"{found.mend}\n")
    assert check_client(collect(tmp_path).files) == ()
    assert level_of(tmp_path) == "all"


def level_of(root: Path) -> str:
    """What rpm makes of the macros below a root, in the order of its own path of macros."""
    path = f"{root}/usr/lib/rpm/macros:{root}/etc/rpm/macros.*:{root}/etc/rpm/macros"
    return run(["rpm"], ["--macros", path, "--eval", "%_pkgverify_level"]).stdout.strip()
