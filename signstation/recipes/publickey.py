"""A public key in the forms in which consumers fetch it, the Web Key Directory among them.

draft-koch-openpgp-webkey-service section 3.1: the name below ``hu/`` is the SHA-1 of the local part
in small letters, in z-base-32; ``policy`` may be empty but has to be there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from signstation.codec.openpgp_certificates import TransferableKey
from signstation.errors import UsageError
from signstation.recipes import values
from signstation.recipes.certificates import Certificates, addresses
from signstation.recipes.dnf import KEYS, key_name
from signstation.recipes.made import Recipe, RecipeFile

_ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"
"""The digits of z-base-32, five bits each."""
_WKD = "Web Key Directory: gpg --locate-keys finds the key by the mail address"


def public_key(name: str, certificates: Certificates) -> Recipe:
    """Return the key armored, binary, as repositories serve it, and for the Web Key Directory.

    Raises UsageError for a name outside its grammar.
    """
    values.name(name)
    armored, binary = certificates.armored, certificates.binary
    files = [
        RecipeFile(f"{name}.asc", f"/{name}.asc", armored, "As text, for people and apt"),
        RecipeFile(f"{name}.gpg", f"/{name}.gpg", binary, "As binary, for every gpgv"),
        RecipeFile(
            key_name(name), f"{KEYS}/{key_name(name)}", armored, "As rpmkeys --import takes it"
        ),
        RecipeFile(
            "repomd.xml.key",
            "/repodata/repomd.xml.key",
            armored,
            "Beside repomd.xml, where zypper looks for it",
        ),
    ]
    directory = tuple(_directory(certificates.keys))
    notes = list(certificates.notes)
    if not directory:
        notes.append("No user id has a mail address, so there is nothing for a Web Key Directory.")
    first = certificates.fingerprints[0]
    commands = (
        ("gpg", "--armor", "--export", first),
        ("gpg", "--export", first),
        ("gpg", "--with-wkd-hash", "--list-keys", first),
    )
    return Recipe((*files, *directory), tuple(notes), commands)


def wkd_hash(local: str) -> str:
    """Return a key's name in a Web Key Directory; ``local`` is what stands before the ``@``."""
    digest = hashlib.sha1(local.lower().encode(), usedforsecurity=False).digest()
    number = int.from_bytes(digest, "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(155, -1, -5))


def _directory(keys: tuple[TransferableKey, ...]) -> Iterator[RecipeFile]:
    """Yield a file for each address of a plain form; the first key with an address has it."""
    contents: dict[str, bytes] = {}
    domains: dict[str, None] = {}
    for key in keys:
        for each in addresses(key):
            try:
                local, _, domain = values.mail(each).partition("@")
            except UsageError:
                continue  # an address that no path can be made of
            domains[domain.lower()] = None
            place = f".well-known/openpgpkey/{domain.lower()}/hu/{wkd_hash(local)}"
            contents.setdefault(place, key.material)
    for place, content in contents.items():
        yield RecipeFile(place, f"/{place}", content, _WKD)
    for domain in domains:
        place = f".well-known/openpgpkey/{domain}/policy"
        yield RecipeFile(place, f"/{place}", b"", "Says that the directory is one")
