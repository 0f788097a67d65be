"""What a reviewer sees of an RPM package: names, scripts, special files, and what is odd."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signstation.formats.rpm import FORMAT
from signstation.formats.rpm_scripts import MAX_SCRIPT
from signstation.model.artifacts import Inspection, Severity
from tests.support.contract_formats import FormatCase
from tests.support.rpm import ARRAY, INT32, STRING, RawEntry, Recipe, build, files
from tests.support.samples_rpm import sample

CASE = FormatCase(FORMAT, sample(Recipe(), "Cv25519"))


def inspect(recipe: Recipe) -> Inspection:
    return CASE.inspect(build(recipe))


def facts(found: Inspection, section: str) -> dict[str, str]:
    (wanted,) = (each for each in found.sections if each.id == section)
    return {each.label.english(): each.value for each in wanted.facts}


def findings(found: Inspection) -> dict[str, str]:
    return {each.code: each.text.english() for each in found.findings}


def test_identity_and_origin() -> None:
    extra = [RawEntry(1003, INT32, [2]), RawEntry(1011, STRING, b"Example")]
    found = inspect(Recipe(extra=extra))
    assert found.title == "twin-2:1.0-1.noarch"
    assert facts(found, "identity")["Kind"] == "binary package, format 4"
    origin = facts(found, "origin")
    assert origin["Build host"] == "builder.example.org"
    assert origin["Build time"] == "1600000000"
    assert origin["Source package"] == "twin-1.0-1.src.rpm"
    assert origin["Vendor"] == "Example"


@pytest.mark.parametrize(
    ("recipe", "title"),
    [
        (Recipe(source=True), "twin-1.0-1.src"),
        (Recipe(source=True, extra=[RawEntry(1051, INT32, [0])]), "twin-1.0-1.nosrc"),
        (Recipe(name=b"\xff\xfe"), "\\xff\\xfe-1.0-1.noarch"),
    ],
)
def test_titles(recipe: Recipe, title: str) -> None:
    assert inspect(recipe).title == title


def test_a_plain_package_has_no_findings() -> None:
    assert findings(inspect(Recipe())) == {}
    assert findings(inspect(Recipe(rpm_format=6))) == {}


def test_scriptlets_are_shown_with_text_and_interpreter() -> None:
    extra = [
        RawEntry(1023, STRING, b"useradd twin"),
        RawEntry(1085, ARRAY, [b"/bin/sh", b"-x"]),
        RawEntry(1086, ARRAY, [b"/sbin/ldconfig"]),
        RawEntry(1151, STRING, b"print('x')"),
        RawEntry(1153, ARRAY, [b"<lua>"]),
    ]
    found = inspect(Recipe(extra=extra))
    shown = facts(found, "scripts")
    assert shown["%pre, run by /bin/sh -x"] == "useradd twin"
    assert shown["%post, run by /sbin/ldconfig"] == "(empty)"
    assert shown["%pretrans, run by <lua>"] == "print('x')"
    assert findings(found)["rpm.scriptlets"].endswith("%pretrans, %pre, %post.")


def test_triggers_are_shown_with_what_sets_them_off() -> None:
    extra = [
        RawEntry(1065, ARRAY, [b"echo one", b"echo two"]),
        RawEntry(1066, ARRAY, [b"bash", b"zsh", b"dash"]),
        RawEntry(1068, INT32, [1 << 16, 1 << 16, 1 << 17]),
        RawEntry(1069, INT32, [0, 0, 1]),
        RawEntry(1092, ARRAY, [b"/bin/sh", b"/bin/bash"]),
        RawEntry(5066, ARRAY, [b"ldconfig"]),
        RawEntry(5067, ARRAY, [b"<lua>"]),
        RawEntry(5069, ARRAY, [b"/usr/lib"]),
        RawEntry(5070, INT32, [0]),
        RawEntry(5072, INT32, [1 << 18]),
    ]
    found = inspect(Recipe(extra=extra))
    shown = facts(found, "scripts")
    assert shown["%triggerin for bash, zsh, run by /bin/sh"] == "echo one"
    assert shown["%triggerun for dash, run by /bin/bash"] == "echo two"
    assert shown["%filetriggerpostun for /usr/lib, run by <lua>"] == "ldconfig"
    assert findings(found)["rpm.triggers"].endswith(": 3.")


def test_a_script_that_is_too_long_is_cut_and_said_so() -> None:
    extra = [RawEntry(1024, STRING, b"x" * (MAX_SCRIPT + 7))]
    found = inspect(Recipe(extra=extra))
    assert facts(found, "scripts")["%post, run by /bin/sh"].endswith("… 7 more characters")
    assert "rpm.scripts-hidden" in findings(found)


def test_special_files_are_named() -> None:
    extra = files(
        (b"/usr/bin/plain", 0o100755),
        (b"/usr/bin/setuid", 0o104755),
        (b"/usr/bin/setgid", 0o102755),
        (b"/usr/bin/ping", 0o100755),
        (b"/var/open", 0o100666),
        (b"/var/tmpdir", 0o041777),
        (b"/dev/null", 0o020666),
        (b"/usr/link", 0o120777),
        capabilities=[b"", b"", b"", b"cap_net_raw=ep", b"", b"", b"", b""],
    )
    found = inspect(Recipe(extra=extra))
    said = findings(found)
    assert said["rpm.setuid"].endswith(": /usr/bin/setuid, /usr/bin/setgid")
    assert said["rpm.capabilities"].endswith(": /usr/bin/ping")
    assert said["rpm.world-writable"].endswith(": /var/open, /dev/null")
    assert said["rpm.device"].endswith(": /dev/null")
    listed = facts(found, "files")
    assert listed["Files"] == "8"
    assert "-rwsr-xr-x root root          7 /usr/bin/setuid" in listed["List"]
    assert "/usr/bin/ping cap_net_raw=ep" in listed["With special rights"]
    assert "plain" not in listed["With special rights"]


def test_many_files_are_counted_and_some_shown() -> None:
    names = [(b"/f/%d" % number, 0o104755) for number in range(700)]
    found = inspect(Recipe(extra=files(*names)))
    listed = facts(found, "files")
    assert listed["Files"] == "700"
    assert listed["List"].endswith("… 200 more")
    assert findings(found)["rpm.setuid"].endswith("/f/4 … (700)")


def test_a_file_name_cannot_pass_for_two() -> None:
    found = inspect(Recipe(extra=files((b"/f/a\n-rwxr-xr-x root root 1 /f/b", 0o100644))))
    assert facts(found, "files")["List"].count("\n") == 0


def test_file_lists_that_contradict_each_other_are_told_of() -> None:
    extra = files((b"/f/a", 0o100644), (b"/f/b", 0o100644))
    short = [RawEntry(1030, each.type, [0o100644]) if each.tag == 1030 else each for each in extra]
    assert "rpm.file-list" in findings(inspect(Recipe(extra=short)))
    lost = [RawEntry(1116, each.type, [0, 9]) if each.tag == 1116 else each for each in extra]
    found = inspect(Recipe(extra=lost))
    assert "rpm.file-list" in findings(found)
    assert "?/b" in facts(found, "files")["List"]


def test_dependencies_are_shown_with_versions() -> None:
    extra = [
        RawEntry(1048, INT32, [0, 8 | 4, 1 << 24 | 2 | 8]),
        RawEntry(1049, ARRAY, [b"/bin/sh", b"libx", b"rpmlib(X)"]),
        RawEntry(1050, ARRAY, [b"", b"2:1.0", b"4.6.0-1"]),
        RawEntry(1054, ARRAY, [b"enemy"]),
    ]
    shown = facts(inspect(Recipe(extra=extra)), "dependencies")
    assert shown["Requires"].splitlines() == ["/bin/sh", "libx >= 2:1.0", "rpmlib(X) <= 4.6.0-1"]
    assert shown["Conflicts"] == "enemy"


@pytest.mark.parametrize(
    ("recipe", "code"),
    [
        (Recipe(payload_digest=0), "rpm.no-payload-digest"),
        (Recipe(payload_digest=1), "rpm.no-payload-digest"),
        (Recipe(header_digests=False), "rpm.no-header-digest"),
        (Recipe(extra=[RawEntry(1035, ARRAY, [b"0" * 32])]), "rpm.weak-file-digests"),
        (Recipe(build_time=4_000_000_000), "rpm.build-time"),
        (Recipe(version=b"1\xe2\x80\xae0"), "rpm.characters"),
        (Recipe(version=b"1\x1b[2J"), "rpm.characters"),
        (Recipe(version=b"\xff"), "rpm.characters"),
        (Recipe(lead_name=b"bash-5.2-1"), "rpm.lead"),
    ],
)
def test_what_is_odd_is_a_finding(recipe: Recipe, code: str) -> None:
    assert code in findings(inspect(recipe))


def test_without_a_time_nothing_is_said_of_the_build_time() -> None:
    timeless = FormatCase(FORMAT, replace(CASE.sample, time=0))
    found = timeless.inspect(build(Recipe(build_time=4_000_000_000)))
    assert "rpm.build-time" not in findings(found)


def test_damage_is_a_blocker() -> None:
    found = CASE.inspect(build()[:-1] + b"X")
    blockers = {each.code for each in found.findings if each.severity is Severity.BLOCKER}
    assert blockers == {"rpm.damaged"}


def test_duplicate_tags_are_a_blocker() -> None:
    extra = [RawEntry(1099, STRING, b"one"), RawEntry(1099, STRING, b"two")]
    found = inspect(Recipe(extra=extra))
    blockers = {each.code for each in found.findings if each.severity is Severity.BLOCKER}
    assert blockers == {"rpm.duplicate-tags"}


def test_existing_signatures_are_shown_unchecked() -> None:
    made = FormatCase(FORMAT, sample(Recipe(), "RSA2k", "Cv25519"))
    content, _ = made.signed()
    found = made.inspect(content)
    assert [each.kind.english() for each in found.signatures] == [
        "header signature, tag 268",
        "RPM 6 signature 1, tag 278",
        "RPM 6 signature 2, tag 278",
    ]
    assert [each.algorithm for each in found.signatures] == ["RSA", "RSA", "Ed25519"]
    assert {each.made_at for each in found.signatures} == {made.sample.time}
    assert "rpm.signed" in findings(found)


def test_a_lone_lead_is_recognised_as_an_rpm() -> None:
    class Start:
        size = 4

        def read(self, offset: int, length: int) -> bytes:
            return b"\xed\xab\xee\xdb"[offset : offset + length]

    assert FORMAT.recognise(Start()) == 90
