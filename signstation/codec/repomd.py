"""The index of an RPM repository, ``repomd.xml``, and its list of packages, ``primary.xml``.

As createrepo_c writes them and librepo (repomd.c) and libsolv (repo_rpmmd.c) read them. Paths are
below the directory that holds ``repodata``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from signstation.codec.repomd_xml import NAME, Element, elements
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm

MAX_REPOMD = 1024 * 1024
"""Most bytes of repomd.xml: that of a distribution with all forms of its indexes has 10 KB."""
MAX_DATA = 256
"""Most indexes: createrepo_c writes 12, a distribution has up to 30."""
MAX_PACKAGES = 50_000
"""Most packages of a repository: the control channel's 16 MiB hold what is stated of 60,000."""
MAX_SIZE = 2**53
"""A size that no file has; larger numbers are refused."""
DIGITS = 11
"""Most digits of a moment in Unix seconds: enough for three thousand years."""
PRIMARY = "primary"
"""Type of the index that names the packages."""
ZCHUNK = "_zck"
"""End of the types of indexes in zchunk form: one that clients fetch by parts."""
DATABASE = "_db"
"""End of the types of indexes as databases of SQLite, which yum read."""

_ALGORITHMS = {
    "md5": HashAlgorithm.MD5,
    "sha": HashAlgorithm.SHA1,  # createrepo's name of SHA-1
    "sha1": HashAlgorithm.SHA1,
    "sha224": HashAlgorithm.SHA224,
    "sha256": HashAlgorithm.SHA256,
    "sha384": HashAlgorithm.SHA384,
    "sha512": HashAlgorithm.SHA512,
}
_REPOMD = frozenset(
    {
        "repomd",
        "repomd/revision",
        "repomd/data",
        *(
            f"repomd/data/{each}"
            for each in ("checksum", "open-checksum", "size", "open-size", "location", "timestamp")
        ),
    }
)
_PRIMARY = frozenset(
    {
        "metadata",
        "metadata/package",
        *(
            f"metadata/package/{each}"
            for each in ("name", "arch", "version", "checksum", "size", "location")
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Sum:
    """A digest as it is stated; ``algorithm`` is None for one that is not known here."""

    algorithm: HashAlgorithm | None
    value: bytes

    @property
    def strong(self) -> HashAlgorithm | None:
        """The algorithm where it counts: librepo takes MD5 and SHA-1 still, we do not."""
        return None if self.algorithm is None or self.algorithm.weak else self.algorithm


@dataclass(frozen=True, slots=True)
class Location:
    """Where a file lies: ``href`` as written; ``place`` is empty where it is not below the root."""

    href: str
    base: str = ""  # xml:base: another place altogether

    @property
    def place(self) -> str:
        """The path below the repository's root."""
        parts = self.href.split("/")
        good = not self.base and all(part not in {"", ".", ".."} for part in parts)
        return self.href if good and "\0" not in self.href else ""


@dataclass(frozen=True, slots=True)
class Data:
    """One index. Sizes are in bytes, None where not stated; ``open_`` is what is inside."""

    type: str
    location: Location
    checksum: Sum
    size: int | None
    open_checksum: Sum | None
    open_size: int | None
    timestamp: int | None

    @property
    def opened(self) -> bool:
        """Whether what is inside is looked at: packages are named there, or a digest is stated."""
        if self.type.endswith(ZCHUNK):
            return False
        return self.type == PRIMARY or self.open_checksum is not None


@dataclass(frozen=True, slots=True)
class Repomd:
    """The index of indexes, in the order of the file."""

    revision: str
    data: tuple[Data, ...]

    @property
    def repeated(self) -> tuple[str, ...]:
        """Types that stand there more than once: clients differ in which one they take."""
        types = [each.type for each in self.data]
        return tuple(dict.fromkeys(each for each in types if types.count(each) > 1))

    @property
    def created(self) -> int | None:
        """The newest timestamp of an index in Unix seconds, None where none is stated."""
        return max((each.timestamp for each in self.data if each.timestamp), default=None)


@dataclass(frozen=True, slots=True)
class PackageEntry:
    """What primary.xml states of one package."""

    name: str
    epoch: str
    version: str
    release: str
    arch: str
    location: Location
    checksum: Sum
    size: int

    @property
    def titles(self) -> tuple[str, ...]:
        """How the package may call itself: an epoch of 0 is stated or not, nosrc is src here."""
        epochs = (f"{self.epoch}:",) if self.epoch not in {"", "0"} else ("", "0:")
        arches = ("src", "nosrc") if self.arch == "src" else (self.arch,)
        return tuple(
            f"{self.name}-{epoch}{self.version}-{self.release}.{arch}"
            for epoch in epochs
            for arch in arches
        )


def parse_repomd(content: bytes) -> Repomd:
    """Read repomd.xml. Raises ArtifactMalformed and LimitReached."""
    if len(content) > MAX_REPOMD:
        raise LimitReached(what="bytes of repomd.xml", limit=MAX_REPOMD)
    data: list[Data] = []
    revision, root = "", False
    parts = _Parts("data")
    for each in elements((content,), _REPOMD):
        name = each.path.rpartition("/")[2]
        if each.path == "repomd":
            root = True
        elif each.path == "repomd/revision":
            revision = each.text
        elif each.path == "repomd/data":
            data.append(_data(each.attributes.get("type", ""), parts))
            parts = _Parts("data")
            if len(data) > MAX_DATA:
                raise LimitReached(what="indexes of repomd.xml", limit=MAX_DATA)
        else:
            parts.take(name, each)
    if not root:
        _fail("repomd as the first element", "another")
    return Repomd(revision, tuple(data))


def parse_primary(pieces: Iterable[bytes]) -> Iterator[PackageEntry]:
    """Yield the packages of primary.xml, which comes in pieces and is not held.

    Raises ArtifactMalformed, also where there are more or fewer than the file says, LimitReached.
    """
    count, stated = 0, ""
    root = False
    parts = _Parts("package")
    for each in elements(pieces, _PRIMARY):
        if each.path == "metadata":
            root, stated = True, each.attributes.get("packages", "")
        elif each.path == "metadata/package":
            count += 1
            if count > MAX_PACKAGES:
                raise LimitReached(what="packages of a repository", limit=MAX_PACKAGES)
            yield _package(each.attributes.get("type", ""), parts)
            parts = _Parts("package")
        else:
            parts.take(each.path.rpartition("/")[2], each)
    if not root:
        _fail("metadata as the first element", "another")
    if stated and stated != str(count):
        _fail(f"{stated[:20]} packages, as the file says", str(count))


@dataclass(slots=True)
class _Parts:
    """The children of an element, each at most once."""

    of: str
    found: dict[str, Element] = field(default_factory=dict)

    def take(self, name: str, element: Element) -> None:
        if name in self.found:
            _fail(f"{name} once in {self.of}", "twice")
        self.found[name] = element

    def need(self, name: str) -> Element:
        element = self.found.get(name)
        if element is None:
            _fail(f"{name} in {self.of}", "none")
        return element

    def location(self) -> Location:
        attributes = self.need("location").attributes
        href = attributes.get("href", "")
        if not href:
            _fail("a location with href", "one without")
        return Location(href, attributes.get("xml:base", ""))

    def sum(self, name: str) -> Sum:
        return _sum(self.need(name))

    def size(self, name: str) -> int | None:
        element = self.found.get(name)
        return None if element is None else _number(element.text, name)


def _data(kind: str, parts: _Parts) -> Data:
    if not kind:
        _fail("a type of each data", "none")
    return Data(
        type=kind,
        location=parts.location(),
        checksum=parts.sum("checksum"),
        size=parts.size("size"),
        open_checksum=parts.sum("open-checksum") if "open-checksum" in parts.found else None,
        open_size=parts.size("open-size"),
        timestamp=_moment(parts.found.get("timestamp")),
    )


def _package(kind: str, parts: _Parts) -> PackageEntry:
    if kind != "rpm":
        _fail("packages of type rpm", repr(kind[:40]))
    version = parts.need("version").attributes
    return PackageEntry(
        name=parts.need("name").text,
        epoch=version.get("epoch", ""),
        version=version.get("ver", ""),
        release=version.get("rel", ""),
        arch=parts.need("arch").text,
        location=parts.location(),
        checksum=parts.sum("checksum"),
        size=_number(parts.need("size").attributes.get("package", ""), "size"),
    )


def _sum(element: Element) -> Sum:
    algorithm = _ALGORITHMS.get(element.attributes.get("type", "").lower())
    try:
        value = bytes.fromhex(element.text)
    except ValueError:
        _fail("a digest in hexadecimal", repr(element.text[:80]))
    if algorithm is not None and len(value) != algorithm.size:
        _fail(f"{algorithm.size} bytes of {algorithm.title}", str(len(value)))
    return Sum(algorithm, value)


def _number(value: str, what: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < len(str(MAX_SIZE))):
        _fail(f"a number of bytes as {what}", repr(value[:40]))
    return int(value)


def _moment(element: Element | None) -> int | None:
    """Return whole seconds: createrepo wrote fractions."""
    if element is None:
        return None
    whole = element.text.partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) <= DIGITS else None


def _fail(expected: str, found: str) -> NoReturn:
    raise ArtifactMalformed(format=NAME, offset=0, expected=expected, found=found)
