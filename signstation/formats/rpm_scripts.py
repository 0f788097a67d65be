"""What an RPM package runs as root: scriptlets and triggers, with their text; its dependencies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, repeat

from signstation.codec.rpmfile import Header
from signstation.codec.rpmtags import DependencyFlag, Tag
from signstation.formats.rpm_files import one_line
from signstation.formats.rpm_read import words
from signstation.model.artifacts import Fact, FactSection, FactStyle, Finding, Severity
from signstation.model.text import Text, text

MAX_SCRIPT = 64 * 1024
"""Most characters of one script that are shown: the largest known are below 20,000."""
MAX_SCRIPTS = 512 * 1024
"""Most characters of all scripts of a package that are shown."""
MAX_TRIGGERS = 200
"""Most triggers that are shown; their number is always shown."""
MAX_CONDITIONS = 20
"""Most conditions of one trigger that are shown."""
MAX_DEPENDENCIES = 200
"""Most dependencies of one kind that are shown; their number is always shown."""

_SCRIPTLETS = (
    ("%pretrans", Tag.PRE_TRANS, Tag.PRE_TRANS_PROGRAM),
    ("%pre", Tag.PRE_IN, Tag.PRE_IN_PROGRAM),
    ("%post", Tag.POST_IN, Tag.POST_IN_PROGRAM),
    ("%preun", Tag.PRE_UN, Tag.PRE_UN_PROGRAM),
    ("%postun", Tag.POST_UN, Tag.POST_UN_PROGRAM),
    ("%posttrans", Tag.POST_TRANS, Tag.POST_TRANS_PROGRAM),
    ("%preuntrans", Tag.PRE_UN_TRANS, Tag.PRE_UN_TRANS_PROGRAM),
    ("%postuntrans", Tag.POST_UN_TRANS, Tag.POST_UN_TRANS_PROGRAM),
    ("%verifyscript", Tag.VERIFY_SCRIPT, Tag.VERIFY_PROGRAM),
)
"""Names in spec files, and the tags of script and interpreter."""


@dataclass(frozen=True, slots=True)
class _TriggerTags:
    title: str
    scripts: Tag
    programs: Tag
    names: Tag
    indexes: Tag
    flags: Tag


_TRIGGERS = (
    _TriggerTags(
        "%trigger",
        Tag.TRIGGER_SCRIPTS,
        Tag.TRIGGER_PROGRAM,
        Tag.TRIGGER_NAME,
        Tag.TRIGGER_INDEX,
        Tag.TRIGGER_FLAGS,
    ),
    _TriggerTags(
        "%filetrigger",
        Tag.FILE_TRIGGER_SCRIPTS,
        Tag.FILE_TRIGGER_PROGRAM,
        Tag.FILE_TRIGGER_NAME,
        Tag.FILE_TRIGGER_INDEX,
        Tag.FILE_TRIGGER_FLAGS,
    ),
    _TriggerTags(
        "%transfiletrigger",
        Tag.TRANS_FILE_TRIGGER_SCRIPTS,
        Tag.TRANS_FILE_TRIGGER_PROGRAM,
        Tag.TRANS_FILE_TRIGGER_NAME,
        Tag.TRANS_FILE_TRIGGER_INDEX,
        Tag.TRANS_FILE_TRIGGER_FLAGS,
    ),
)
_TRIGGER_KINDS = (
    (DependencyFlag.TRIGGER_PRE_IN, "prein"),
    (DependencyFlag.TRIGGER_IN, "in"),
    (DependencyFlag.TRIGGER_UN, "un"),
    (DependencyFlag.TRIGGER_POST_UN, "postun"),
)
_DEPENDENCIES = (
    (Text("Requires"), Tag.REQUIRE_NAME, Tag.REQUIRE_FLAGS, Tag.REQUIRE_VERSION),
    (Text("Provides"), Tag.PROVIDE_NAME, Tag.PROVIDE_FLAGS, Tag.PROVIDE_VERSION),
    (Text("Conflicts"), Tag.CONFLICT_NAME, Tag.CONFLICT_FLAGS, Tag.CONFLICT_VERSION),
    (Text("Obsoletes"), Tag.OBSOLETE_NAME, Tag.OBSOLETE_FLAGS, Tag.OBSOLETE_VERSION),
    (Text("Recommends"), Tag.RECOMMEND_NAME, Tag.RECOMMEND_FLAGS, Tag.RECOMMEND_VERSION),
    (Text("Suggests"), Tag.SUGGEST_NAME, Tag.SUGGEST_FLAGS, Tag.SUGGEST_VERSION),
    (Text("Supplements"), Tag.SUPPLEMENT_NAME, Tag.SUPPLEMENT_FLAGS, Tag.SUPPLEMENT_VERSION),
    (Text("Enhances"), Tag.ENHANCE_NAME, Tag.ENHANCE_FLAGS, Tag.ENHANCE_VERSION),
)


@dataclass(frozen=True, slots=True)
class _Script:
    """One script: its name in the spec file, who runs it, and when, for triggers."""

    name: str
    program: str
    text: str
    condition: str = ""


def inspect_scripts(main: Header) -> tuple[FactSection, tuple[Finding, ...]]:
    """Return all scripts with their text, as far as they can be shown, and findings."""
    scripts = list(_scriptlets(main))
    triggers = sum(main.count(each.scripts) for each in _TRIGGERS)
    names = [each.name for each in scripts]
    scripts += islice(_triggers(main), MAX_TRIGGERS)
    facts: list[Fact] = []
    shown = 0
    for each in scripts:
        part = each.text[: min(MAX_SCRIPT, MAX_SCRIPTS - shown)]
        shown += len(part)
        missing = f"\n… {len(each.text) - len(part)} more characters"
        whole = len(part) == len(each.text)
        facts.append(Fact(_label(each), part if whole else part + missing, FactStyle.CODE))
    hidden = triggers > MAX_TRIGGERS or shown < sum(len(each.text) for each in scripts)
    findings = tuple(_findings(names, triggers, hidden=hidden))
    if not facts:
        facts.append(Fact(Text("Scripts"), "none"))
    return FactSection("scripts", Text("Scripts run as root"), tuple(facts)), findings


def _label(script: _Script) -> Text:
    if script.condition:
        said = "{name} for {condition}, run by {program}"
        return text(said, name=script.name, condition=script.condition, program=script.program)
    return text("{name}, run by {program}", name=script.name, program=script.program)


def _findings(names: list[str], triggers: int, *, hidden: bool) -> Iterator[Finding]:
    if names:
        said = text("Runs scripts as root: {names}.", names=", ".join(names))
        yield Finding("rpm.scriptlets", Severity.WARNING, said)
    if triggers:
        said = text("Runs scripts when other packages change (triggers): {count}.", count=triggers)
        yield Finding("rpm.triggers", Severity.WARNING, said)
    if hidden:
        said = Text("Not all of the scripts can be shown: they are unusually long or many.")
        yield Finding("rpm.scripts-hidden", Severity.WARNING, said)


def _scriptlets(main: Header) -> Iterator[_Script]:
    for name, body, program in _SCRIPTLETS:
        if body in main or program in main:
            command = " ".join(one_line(each) for each in islice(main.strings(program), 8))
            yield _Script(name, command or "/bin/sh", words(main.string(body)) or "(empty)")


def _triggers(main: Header) -> Iterator[_Script]:
    for tags in _TRIGGERS:
        conditions = _conditions(main, tags)
        programs = chain(main.strings(tags.programs), repeat(b"/bin/sh"))
        for number, (script, program) in enumerate(
            zip(main.strings(tags.scripts), programs, strict=False)
        ):
            kind, names = conditions.get(number, ("", []))
            condition = ", ".join(names)
            yield _Script(tags.title + kind, one_line(program), words(script), condition)


def _conditions(main: Header, tags: _TriggerTags) -> dict[int, tuple[str, list[str]]]:
    """For each script what sets it off: kind and the first names (packages or path prefixes)."""
    found: dict[int, tuple[str, list[str]]] = {}
    for name, index, flags in zip(
        main.strings(tags.names),
        main.numbers(tags.indexes),
        main.numbers(tags.flags),
        strict=False,
    ):
        if index >= MAX_TRIGGERS:
            continue
        kind = next((title for flag, title in _TRIGGER_KINDS if flags & flag), "")
        _, names = found.setdefault(index, (kind, []))
        if len(names) < MAX_CONDITIONS:
            names.append(one_line(name))
    return found


def inspect_dependencies(main: Header) -> FactSection:
    """Return what it needs and gives, one line each."""
    facts: list[Fact] = []
    for title, names, flags, versions in _DEPENDENCIES:
        count = main.count(names)
        lines = [
            _dependency(name, flag, version)
            for name, flag, version in islice(
                zip(
                    main.strings(names),
                    chain(main.numbers(flags), repeat(0)),
                    chain(main.strings(versions), repeat(b"")),
                    strict=False,
                ),
                MAX_DEPENDENCIES,
            )
        ]
        if count > len(lines):
            lines.append(f"… {count - len(lines)} more")
        if lines:
            facts.append(Fact(title, "\n".join(lines), FactStyle.CODE))
    return FactSection("dependencies", Text("Dependencies"), tuple(facts))


def _dependency(name: bytes, flags: int, version: bytes) -> str:
    signs = ((DependencyFlag.LESS, "<"), (DependencyFlag.GREATER, ">"), (DependencyFlag.EQUAL, "="))
    comparison = "".join(sign for flag, sign in signs if flags & flag)
    if not comparison or not version:
        return one_line(name)
    return f"{one_line(name)} {comparison} {one_line(version)}"
