"""How dnf and zypper are told of a repository: a ``.repo`` file that wants both signatures.

dnf.conf(5): ``gpgcheck`` asks for signed packages, ``repo_gpgcheck`` for a signed repomd.xml; only
both together leave nothing unsigned.
"""

from __future__ import annotations

from dataclasses import dataclass

from signstation.recipes import values
from signstation.recipes.certificates import Certificates
from signstation.recipes.made import Recipe, RecipeFile

KEYS = "/etc/pki/rpm-gpg"
REPOSITORIES = "/etc/yum.repos.d"


@dataclass(frozen=True, slots=True)
class DnfSource:
    """One repository; every value was checked by its grammar."""

    name: str
    title: str
    url: str

    def __post_init__(self) -> None:
        """Refuse values that do not fit their grammar. Raises UsageError."""
        values.name(self.name)
        values.title(self.title)
        values.uri(self.url)


def repo(source: DnfSource, certificates: Certificates) -> Recipe:
    """Return the ``.repo`` file and the armored key that it names by path."""
    key = RecipeFile(
        key_name(source.name),
        f"{KEYS}/{key_name(source.name)}",
        certificates.armored,
        "The key that signs packages and metadata",
    )
    file = RecipeFile(
        f"{source.name}.repo",
        f"{REPOSITORIES}/{source.name}.repo",
        section(source).encode(),
        "The repository; packages and metadata both have to be signed",
    )
    commands = (
        *(("install", "-D", "-m", "644", each.name, each.place) for each in (key, file)),
        ("rpmkeys", "--import", key.place),
        ("dnf", "--repo", source.name, "makecache"),
    )
    return Recipe((file, key), certificates.notes, commands)


def key_name(name: str) -> str:
    """Return the usual name of a key's file."""
    return f"RPM-GPG-KEY-{name}"


def section(source: DnfSource) -> str:
    """Return the text of the ``.repo`` file."""
    return (
        f"[{source.name}]\n"
        f"name={source.title}\n"
        f"baseurl={source.url}\n"
        "enabled=1\n"
        "gpgcheck=1\n"
        "repo_gpgcheck=1\n"
        "sslverify=1\n"
        f"gpgkey=file://{KEYS}/{key_name(source.name)}\n"
    )
