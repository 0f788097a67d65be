"""End to end: checksums of a directory listed, signed, verified; texts signed in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.station import Shell

KEY = ("--key", "gpg:<release@example.org>")


@pytest.fixture(scope="module")
def ready() -> Iterator[Shell]:
    """A station with a key, open for all tests."""
    shell = Shell()
    shell.openpgp_key()
    with shell.owned():
        yield shell
    shell.close()


def directory(shell: Shell, name: str) -> Path:
    """Make a directory with files and a link."""
    root = shell.work / name
    (root / "sub").mkdir(parents=True)
    (root / "a.iso").write_text("one\n")
    (root / "sub" / "b c.iso").write_text("two\n")
    (root / "latest.iso").symlink_to("a.iso")
    return root


def test_a_directory_is_listed_signed_and_verified(ready: Shell) -> None:
    root = directory(ready, "beside")
    ready.good("checksums", "beside", *KEY)
    files = {each.name for each in root.iterdir() if each.is_file() and not each.is_symlink()}
    assert files == {"a.iso", "SHA256SUMS", "SHA256SUMS.asc"}
    ready.good("verify", "beside/SHA256SUMS.asc")
    (root / "sub" / "b c.iso").write_text("changed\n")
    done = ready.run("verify", "beside/SHA256SUMS")
    assert done.status == 1
    assert "sub/b c.iso is not the file that is listed." in done.out
    assert ready.run("checksums", "beside", *KEY).status == 2, "it would overwrite the list"
    ready.good("checksums", "beside", *KEY, "--replace")
    ready.good("verify", "beside/SHA256SUMS")


def test_what_a_verified_list_speaks_for_needs_no_signature_of_its_own(ready: Shell) -> None:
    root = directory(ready, "covered")
    ready.good("checksums", "covered", *KEY)
    (told,) = ready.good("verify", "covered", "--json").of_type("verification")
    assert told["format"] == "checksums"
    (root / "more.iso").write_text("nobody lists it\n")
    found = ready.run("verify", "covered", "--json").of_type("verification")
    assert [Path(each["path"]).name for each in found] == ["SHA256SUMS", "more.iso"]
    # a file that a person names is judged by itself
    assert ready.run("verify", "covered/a.iso").status == 1
    (root / "SHA256SUMS.asc").unlink()
    found = ready.run("verify", "covered", "--json").of_type("verification")
    assert len(found) == 4


def test_a_list_signed_in_the_clear_can_stand_alone(ready: Shell) -> None:
    root = directory(ready, "clear")
    ready.good("checksums", "clear", *KEY, "--clear", "--algorithm", "sha512", "--form", "bsd")
    (root / "SHA512SUMS").unlink()
    done = ready.good("verify", "clear/SHA512SUMS.asc")
    assert "2 of 2 listed files are here, unchanged." in done.out


def test_a_list_that_cannot_be_signed_is_not_left_behind(ready: Shell) -> None:
    root = directory(ready, "refused")
    assert ready.run("checksums", "refused", "--key", "gpg:<nobody@example.org>").status == 5
    assert not (root / "SHA256SUMS").exists()


def test_a_text_is_signed_in_the_clear_and_stands_alone(ready: Shell) -> None:
    notes = ready.work / "notes"
    notes.mkdir()
    (notes / "NEWS").write_text("- one\nFrom here  \n")
    ready.good("sign", "notes/NEWS", "--as", "text", *KEY, "--output", "notes")
    done = ready.good("verify", "notes")
    assert "line ends or blanks before them that no signature covers" in done.out
    (notes / "NEWS").unlink()
    ready.good("verify", "notes/NEWS.asc")
    document = (notes / "NEWS.asc").read_bytes()
    (notes / "NEWS.asc").write_bytes(b"Unsigned words.\n" + document)
    done = ready.run("verify", "notes/NEWS.asc")
    assert done.status == 1
    assert "There is something before the signed text" in done.out
