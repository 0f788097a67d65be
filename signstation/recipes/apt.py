"""How apt is told of a repository: deb822-style ``.sources``, or the one-line form of old systems.

sources.list(5): ``Signed-By`` may hold the certificate itself since apt 2.3.10 (Debian 12, Ubuntu
22.04): lines of a block are indented by one blank, empty ones hold a dot.
"""

from __future__ import annotations

from dataclasses import dataclass

from signstation.recipes import values
from signstation.recipes.certificates import Certificates
from signstation.recipes.made import Recipe, RecipeFile

KEYRINGS = "/usr/share/keyrings"
"""Where packages put keyrings; administrators put theirs into ADMIN_KEYRINGS (sources.list(5))."""
ADMIN_KEYRINGS = "/etc/apt/keyrings"
SOURCES = "/etc/apt/sources.list.d"
_UNSAFE = (
    "The repository is reached by plain http: what is read stays signed, but others see it and can"
    " hold updates back until the list runs out (Valid-Until)."
)


@dataclass(frozen=True, slots=True)
class AptSource:
    """One repository; every value was checked by its grammar. ``url`` and names as in the file."""

    name: str
    url: str
    suite: str
    components: tuple[str, ...]
    architectures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that do not fit their grammar. Raises UsageError."""
        values.name(self.name)
        values.uri(self.url)
        values.suite(self.suite)
        values.components(self.components, self.suite)
        values.architectures(self.architectures)


def sources(source: AptSource, certificates: Certificates) -> Recipe:
    """Return a ``.sources`` file that brings its key along: nothing else has to be installed."""
    key = certificates.armored.decode("ascii").rstrip("\n").split("\n")
    block = "".join(f" {line or '.'}\n" for line in key)
    content = f"{_stanza(source)}Signed-By:\n{block}"
    target = f"{SOURCES}/{source.name}.sources"
    file = RecipeFile(
        f"{source.name}.sources",
        target,
        content.encode("ascii"),
        "The repository and its key, for Debian 12 and Ubuntu 22.04 and later",
    )
    return Recipe((file,), _notes(source, certificates), _commands((file,)))


def one_line(source: AptSource, certificates: Certificates) -> Recipe:
    """Return the one-line form and the keyring that it names by path, for every apt since 1.1."""
    keyring = f"{ADMIN_KEYRINGS}/{source.name}.gpg"
    files = (
        RecipeFile(
            f"{source.name}.list",
            f"{SOURCES}/{source.name}.list",
            line(source, keyring).encode("ascii"),
            "The repository in one line",
        ),
        RecipeFile(
            f"{source.name}.gpg", keyring, certificates.binary, "Its key, as binary for every gpgv"
        ),
    )
    return Recipe(files, _notes(source, certificates), _commands(files))


def line(source: AptSource, keyring: str) -> str:
    """Return the line of a ``.list`` file; ``keyring`` is an absolute path without blanks."""
    options = [f"signed-by={keyring}"]
    if source.architectures:
        options.insert(0, f"arch={','.join(source.architectures)}")
    words = (f"[{' '.join(options)}]", source.url, source.suite, *source.components)
    return f"deb {' '.join(words)}\n"


def by_path(source: AptSource, keyring: str) -> str:
    """Return a ``.sources`` file that names its keyring by path, as keyring packages have it."""
    return f"{_stanza(source)}Signed-By: {keyring}\n"


def _stanza(source: AptSource) -> str:
    lines = ["Types: deb", f"URIs: {source.url}", f"Suites: {source.suite}"]
    if source.components:
        lines.append(f"Components: {' '.join(source.components)}")
    if source.architectures:
        lines.append(f"Architectures: {' '.join(source.architectures)}")
    return "".join(f"{each}\n" for each in lines)


def _notes(source: AptSource, certificates: Certificates) -> tuple[str, ...]:
    plain = (_UNSAFE,) if source.url.startswith("http:") else ()
    return (*plain, *certificates.notes)


def _commands(files: tuple[RecipeFile, ...]) -> tuple[tuple[str, ...], ...]:
    copied = tuple(("install", "-D", "-m", "644", each.name, each.place) for each in files)
    return (*copied, ("apt-get", "update"))
