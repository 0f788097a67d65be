"""Recipes: every value fits its grammar or is refused; what is written says what was meant."""

from __future__ import annotations

import configparser
import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.ar import members
from signstation.codec.armor import ArmorKind, armor, dearmor
from signstation.codec.deb822 import paragraph
from signstation.errors import ArtifactMalformed, UsageError
from signstation.recipes import dnf, keyring, values
from signstation.recipes.apt import AptSource, line, one_line, sources
from signstation.recipes.certificates import Certificates, read_certificates
from signstation.recipes.debsig import policy
from signstation.recipes.dnf import DnfSource
from signstation.recipes.keyring import KeyringPackage
from signstation.recipes.publickey import public_key, wkd_hash
from tests.support.openpgp import shared_certificate

URL = "https://repo.example.org/debian"
TIME = 1_700_000_000
PACKAGE = KeyringPackage("example-keyring", "1", "Keys", "A <a@example.org>", TIME)


def certificates(*profiles: str) -> Certificates:
    """The certificates of tests, one for each profile."""
    material = [shared_certificate(profile=each).trusted.material for each in profiles]
    return read_certificates(tuple(material))


@pytest.mark.parametrize(
    "value", [URL, "https://repo.example.org:8443/a%20b/", "file:/srv/x", "file:///x", "copy:/x"]
)
def test_addresses_that_are_taken(value: str) -> None:
    assert values.uri(value) == value


@pytest.mark.parametrize(
    "value",
    ["", "repo.example.org", "ftp://x/y", "https:///x", "https://user:word@x/", "https://x/ y",
     "https://x/\nSigned-By:", "https://x/../y", "https://x/$releasever", "https://x:port/",
     "file:x", "copy://", "javascript://x/", "http://[::1]/x", "https://x/#a",
     "https://" + "x" * 600],
)  # fmt: skip
def test_addresses_that_are_refused(value: str) -> None:
    with pytest.raises(UsageError):
        values.uri(value)


GRAMMARS: list[Callable[[str], str]] = [
    values.uri, values.suite, values.name, values.package, values.version, values.title,
    values.maintainer, values.mail,
]  # fmt: skip


@given(st.text(max_size=40))
def test_no_value_leaves_its_line(value: str) -> None:
    for each in GRAMMARS:
        try:
            taken = each(value)
        except UsageError:
            continue
        assert taken == value
        assert taken.isprintable()
        assert taken.strip() == taken != ""
        assert not set(taken) & set('%"\\$') or each is values.uri or each is values.mail


@given(st.text(alphabet="ab ./-\n[]", max_size=8), st.text(alphabet="ma/in. \n", max_size=6))
def test_a_source_is_one_paragraph_of_the_values_that_were_given(suite: str, part: str) -> None:
    try:
        source = AptSource("x", URL, suite, (part,))
    except UsageError:
        return
    (file,) = sources(source, certificates("RFC4880")).files
    read = paragraph(file.content, format_id="sources")
    assert read.names == ("Types", "URIs", "Suites", "Components", "Signed-By")
    assert (read.field("Suites"), read.field("Components")) == (suite, part)
    assert line(source, "/k.gpg").count("\n") == 1


def test_flat_repositories_have_no_components_and_others_have() -> None:
    assert AptSource("x", URL, "./", ()).components == ()
    for suite, parts in (("./", ("main",)), ("stable", ()), ("../x", ("main",)), ("a", ("..",))):
        with pytest.raises(UsageError):
            AptSource("x", URL, suite, parts)
    with pytest.raises(UsageError):
        AptSource("x", URL, "stable", ("main",), ("amd64;",))


def test_the_inline_key_is_the_certificate() -> None:
    found = certificates("RFC4880")
    (file,) = sources(AptSource("x", URL, "stable", ("main",)), found).files
    block = paragraph(file.content, format_id="sources").field("Signed-By")
    (read,) = dearmor(block.replace("\n.\n", "\n\n").lstrip("\n").encode())
    assert read.data == found.binary


def test_plain_http_and_new_keys_are_noted() -> None:
    source = AptSource("x", "http://repo.example.org/", "stable", ("main",))
    assert len(one_line(source, certificates("RFC9580")).notes) == 2
    assert not one_line(AptSource("x", URL, "stable", ("main",)), certificates("RFC4880")).notes


def test_a_repo_file_wants_both_signatures() -> None:
    made = dnf.repo(DnfSource("x", "Example: packages", URL), certificates("RFC4880"))
    read = configparser.ConfigParser(interpolation=None)
    read.read_string(made.files[0].content.decode())
    section = read["x"]
    assert (section["gpgcheck"], section["repo_gpgcheck"], section["sslverify"]) == ("1", "1", "1")
    assert section["gpgkey"] == f"file://{made.files[1].place}"
    for bad in ("a\nenabled=0", "%{x}", "$basearch", ""):
        with pytest.raises(UsageError):
            DnfSource("x", bad, URL)


def test_a_policy_is_for_one_key_and_says_what_the_program_cannot() -> None:
    made = policy("x", "A & B <c>", certificates("RFC4880"))
    assert b'Name="A &amp; B &lt;c&gt;"' in made.files[0].content
    assert any("subkey" in each for each in made.notes)
    with pytest.raises(UsageError):
        policy("x", "A", certificates("RFC4880", "RFC9580"))


def test_certificates_are_read_strictly() -> None:
    one = shared_certificate()
    material = one.trusted.material
    assert read_certificates((material, armor(ArmorKind.PUBLIC_KEY, material))).fingerprints == (
        one.trusted.primary.fingerprint,
    )
    for private in (one.secret, armor(ArmorKind.PRIVATE_KEY, one.secret)):
        with pytest.raises(ArtifactMalformed):
            read_certificates((private,))
    with pytest.raises(UsageError):
        read_certificates((b"",))


def test_the_directory_name_is_that_of_the_draft() -> None:
    assert wkd_hash("Joe.Doe") == "iy9q119eutrkn8s1mk4r39qejnbu3n5q"


def test_the_public_key_in_all_its_forms() -> None:
    found = certificates("RFC4880")
    by_name = {each.name: each.content for each in public_key("x", found).files}
    place = f".well-known/openpgpkey/example.org/hu/{wkd_hash('signer')}"
    assert by_name[place] == by_name["x.gpg"] == found.binary
    assert by_name["repomd.xml.key"] == by_name["x.asc"] == by_name["RPM-GPG-KEY-x"]
    assert by_name[".well-known/openpgpkey/example.org/policy"] == b""


def _files(package: bytes, wanted: str) -> dict[str, bytes]:
    found = members(lambda at, length: package[at : at + length], len(package))
    assert [each.name for each in found] == ["debian-binary", "control.tar.gz", "data.tar.gz"]
    (part,) = [each for each in found if each.name == wanted]
    plain = gzip.decompress(package[part.start : part.end])
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        entries = archive.getmembers()
        assert {(each.mtime, each.uid, each.uname) for each in entries} == {(TIME, 0, "root")}
        read = {each.name: archive.extractfile(each) for each in entries}
        return {name: file.read() for name, file in read.items() if file is not None}


def test_a_debian_package_brings_the_keyring_and_its_source() -> None:
    found = certificates("RFC4880")
    source = AptSource("x", URL, "stable", ("main",))
    made = keyring.deb(PACKAGE, found, source)
    assert made == keyring.deb(PACKAGE, found, source)
    control = _files(made, "control.tar.gz")
    assert control["./conffiles"] == b"/etc/apt/sources.list.d/x.sources\n"
    data = _files(made, "data.tar.gz")
    assert data["./usr/share/keyrings/example-keyring.gpg"] == found.binary
    signed = b"Signed-By: /usr/share/keyrings/example-keyring.gpg\n"
    assert data["./etc/apt/sources.list.d/x.sources"].endswith(signed)
    for each in control["./md5sums"].decode().splitlines():
        digest, _, name = each.partition("  ")
        assert hashlib.md5(data[f"./{name}"], usedforsecurity=False).hexdigest() == digest
    assert "./conffiles" not in _files(keyring.deb(PACKAGE, found, None), "control.tar.gz")


@pytest.mark.parametrize(
    "changed",
    [("Bad", "1", "t", "A <a@example.org>", 0), ("x-y", "1-1", "t", "A <a@example.org>", 0),
     ("x-y", "1", "%{lua:x}", "A <a@example.org>", 0), ("x-y", "1", "t", "nobody", 0),
     ("x-y", "1", "t", "A <a@example.org>", -1)],
)  # fmt: skip
def test_packages_with_odd_values_are_refused(changed: tuple[str, str, str, str, int]) -> None:
    with pytest.raises(UsageError):
        KeyringPackage(*changed)
