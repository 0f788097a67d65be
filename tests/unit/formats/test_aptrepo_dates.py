"""Dates of a Release file set anew: what is written, what keys are asked, what clients will say."""

from __future__ import annotations

import gzip
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.aptpackages import MAX_PACKAGES, read_packages
from signstation.codec.aptrelease import parse_release
from signstation.errors import ArtifactMalformed, ContentDamaged, LimitReached, UsageError
from signstation.formats.aptrepo import FORMAT
from signstation.formats.aptrepo_dates import patched, patches, rewrites, traced
from signstation.model.artifacts import Severity
from signstation.model.asks import Literal, Range
from signstation.model.members import OpenedState
from signstation.model.options import Options, resolve
from signstation.model.outputs import Patch
from signstation.worker.context import StepContext
from tests.support.aptrepo import PACKAGES, Repository
from tests.support.contract_formats import artifacts

T = 1_790_000_000
DAY = 86_400


def options(**given: str) -> Options:
    return resolve(FORMAT.options, given)


@pytest.mark.parametrize("until", [None, T - DAY])
@pytest.mark.parametrize(
    ("given", "date", "valid"),
    [
        ({"date": "now"}, T, None),
        ({"date": "now", "valid_for": "7"}, T, T + 7 * DAY),
        ({"valid_for": "30"}, T - 9 * DAY, T + 21 * DAY),
        ({"date": "2026-09-21T08:00:00Z"}, 1_789_977_600, None),
    ],
)
def test_the_fields_say_what_was_wished(
    until: int | None, given: dict[str, str], date: int, valid: int | None
) -> None:
    data = Repository(date=T - 9 * DAY, until=until).release()
    release = parse_release(data)
    made = patched(data, patches(data, release, options(**given), T))
    found = parse_release(made)
    assert found.moment("date") == date
    assert found.moment("valid-until") == (until if valid is None else valid)
    assert found.indexes == release.indexes
    assert len(made.splitlines()) - len(data.splitlines()) == (valid is not None and until is None)


def test_missing_fields_are_added_and_kept_ones_stay() -> None:
    data = b"Suite: a\nSHA256:\n " + b"0" * 64 + b" 1 x\n"
    release = parse_release(data)
    assert patches(data, release, options(), T) == ()
    assert not rewrites(options())
    (one,) = patches(data, release, options(date="now", valid_for="1"), T)
    assert (one.offset, one.old_length, one.new.count(b"\n")) == (0, 0, 2)
    with pytest.raises(UsageError):
        patches(data, release, options(valid_for="1"), T)


def test_a_date_in_two_lines_is_refused() -> None:
    data = b"Suite: a\nDate: Mon,\n 21 Sep 2026 13:33:20 UTC\nSHA256:\n " + b"0" * 64 + b" 1 x\n"
    with pytest.raises(ContentDamaged):
        patches(data, parse_release(data), options(date="now"), T)


@pytest.mark.parametrize(
    "given",
    [{"date": "today"}, {"date": "2026-13-01"}, {"valid_for": "0"}, {"valid_for": "99999"},
     {"valid_for": "-1"}, {"valid_for": "9" * 5000}, {"date": ""}],
)  # fmt: skip
def test_other_values_are_refused_while_planning(given: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        FORMAT.commands((), options(**given))


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=4), st.data())
def test_segments_lead_back_to_the_artifact(
    data: bytes, cuts: list[int], more: st.DataObject
) -> None:
    """Whatever range of the patched bytes is asked for, its segments give just that."""
    edges = sorted({min(each, len(data)) for each in cuts})
    changes = tuple(
        Patch(start, end - start, more.draw(st.binary(max_size=5)))
        for start, end in zip(edges[::2], edges[1::2], strict=False)
    )
    made = patched(data, changes)
    start = more.draw(st.integers(0, len(made)))
    length = more.draw(st.integers(0, len(made) - start))
    segments = traced((Range(start, length), Literal(b"!")), changes, len(data))
    parts = (
        data[each.offset : each.offset + each.length] if isinstance(each, Range) else each.value
        for each in segments
    )
    assert b"".join(parts) == made[start : start + length] + b"!"


def foreseen(
    current: Repository, previous: Repository | None = None, **given: str
) -> dict[str, Severity]:
    """Return findings by their code."""
    with artifacts(current.release(), (previous or current).release()) as (new, old):
        first, second = (FORMAT.inspect(each, StepContext(time=0)) for each in (new, old))
    found = FORMAT.foresee(first, second if previous else None, options(**given), T)
    return {each.code.removeprefix("aptrepo."): each.severity for each in found}


def test_what_clients_will_refuse_is_foreseen() -> None:
    over = Repository(date=T - 9 * DAY, until=T - DAY)
    assert foreseen(over) == {"expired": Severity.BLOCKER}
    assert foreseen(over, valid_for="30") == {}
    assert foreseen(over, date="now") == {"expired": Severity.BLOCKER}
    assert foreseen(over, valid_for="2") == {"expired": Severity.BLOCKER}
    assert foreseen(Repository(date=T + DAY)) == {"future": Severity.WARNING}
    assert foreseen(Repository(date=T + DAY), date="now") == {}


def test_the_state_before_is_compared() -> None:
    before = Repository(date=T - DAY)
    assert foreseen(Repository(date=T), before) == {"difference": Severity.NOTE}
    older = foreseen(Repository(date=T - 2 * DAY), before)
    assert older["rollback"] is Severity.WARNING
    assert "rollback" not in foreseen(Repository(date=T - 2 * DAY), before, date="now")
    fewer = Repository(date=T, indexes={"main/binary-all/Packages": PACKAGES})
    assert foreseen(fewer, before)["removed"] is Severity.WARNING
    pinned = foreseen(Repository(date=T, more={"Signed-By": "A" * 40}), before)
    assert pinned["identity"] is Severity.WARNING


ENTRY = b"Package: a\nFilename: ./pool/a.deb\nSize: 3\nSHA256: " + b"ab" * 32 + b"\n\n"


@pytest.mark.parametrize(
    "packed",
    [ENTRY, gzip.compress(ENTRY, mtime=0), lzma.compress(ENTRY)],
    ids=["plain", "gzip", "xz"],
)
def test_packages_of_an_index(packed: bytes) -> None:
    with artifacts(b"", packed) as (release, member):
        found = FORMAT.open_member(release, "main/Packages", member, StepContext(time=0))
    (only,) = found.files
    assert (found.state, only.place, only.size) == (OpenedState.SAME, "pool/a.deb", 3)
    assert only.digest == b"\xab" * 32


@pytest.mark.parametrize(
    "damaged",
    [
        b"Package: a\nSize: 3\n",
        ENTRY + b"Filename: a\nSize: x\n",
        b"Filename: a\nFilename: b\nSize: 1\n",
        b"Filename: a\nSize: 1\nSHA256: zz\n",
        gzip.compress(ENTRY, mtime=0)[:-9],
        gzip.compress(ENTRY, mtime=0) + b"x",
    ],
    ids=["no-name", "size", "twice", "digest", "cut", "more"],
)
def test_a_damaged_index_is_told(damaged: bytes) -> None:
    with artifacts(b"", damaged) as (release, member):
        found = FORMAT.open_member(release, "main/Packages", member, StepContext(time=0))
    assert (found.state, found.files) == (OpenedState.UNREADABLE, ())
    assert found.why


def test_names_that_leave_the_archive_have_no_place() -> None:
    entry = b"Filename: ../x.deb\nSize: 3\n"
    with artifacts(b"", entry) as (release, member):
        (only,) = FORMAT.open_member(release, "Packages", member, StepContext(time=0)).files
    assert (only.place, only.algorithm, only.outside) == ("", None, "../x.deb")


def test_bounds() -> None:
    many = b"Filename: a\nSize: 1\n\n" * (MAX_PACKAGES + 1)
    with pytest.raises(LimitReached):
        list(read_packages([many]))
    with pytest.raises(LimitReached):
        list(read_packages([b"x" * (1024 * 1024 + 1)]))


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_any_bytes_are_packages_or_malformed(pieces: list[bytes]) -> None:
    try:
        for each in read_packages(pieces):
            assert each.filename
    except ArtifactMalformed:
        pass


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("Release", ""),
        ("flat/Release", "flat/"),
        ("dists/stable/Release", ""),
        ("a/b/dists/stable/updates/InRelease", "a/b/"),
    ],
)
def test_where_packages_are_named_from(name: str, root: str) -> None:
    assert FORMAT.packages_root(name) == root


def test_one_form_of_each_index_is_opened() -> None:
    with artifacts(Repository(date=T).release()) as (artifact,):
        found = {each.place for each in FORMAT.members(artifact) if each.opened}
    assert found == {"main/binary-all/Packages.gz"}
