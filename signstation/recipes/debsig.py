"""How debsig-verify is told whose packages are good: a policy, and the keyring that it names.

debsig-verify's policy documentation, form 1.0: both lie in directories that are named after the
fingerprint of the primary key.
"""

from __future__ import annotations

from xml.sax.saxutils import escape  # nosec B406 - writes, and reads nothing

from signstation.errors import UsageError
from signstation.recipes import values
from signstation.recipes.certificates import Certificates, signs_by_subkey
from signstation.recipes.made import Recipe, RecipeFile

POLICIES = "/etc/debsig/policies"
KEYRINGS = "/usr/share/debsig/keyrings"
_ASKED = "dpkg asks debsig-verify only where no-debsig is taken out of /etc/dpkg/dpkg.cfg."
_SUBKEY = (
    "This key signs with a subkey, and debsig-verify takes signatures by primary keys only: sign"
    " packages for it with a key whose primary key signs."
)


def policy(name: str, title: str, certificates: Certificates) -> Recipe:
    """Return policy and keyring for packages with an ``origin`` signature by this one key.

    Raises UsageError for values outside their grammar, and for more keys than one.
    """
    values.name(name)
    shown = escape(values.title(title))
    if len(certificates.keys) != 1:
        raise UsageError(reason="a policy of debsig-verify is for one key: name one certificate")
    (key,) = certificates.fingerprints
    rule = f'<Required Type="origin" File="{name}.gpg" id="{key}"/>'
    content = (
        '<?xml version="1.0"?>\n'
        '<!DOCTYPE Policy SYSTEM "https://www.debian.org/debsig/1.0/policy.dtd">\n'
        '<Policy xmlns="https://www.debian.org/debsig/1.0/">\n'
        f'  <Origin Name="{shown}" id="{key}" Description="{shown}"/>\n'
        f"  <Selection>{rule}</Selection>\n"
        f'  <Verification MinOptional="0">{rule}</Verification>\n'
        "</Policy>\n"
    )
    files = (
        RecipeFile(
            f"{key}/{name}.pol", f"{POLICIES}/{key}/{name}.pol", content.encode(), "The policy"
        ),
        RecipeFile(
            f"{key}/{name}.gpg",
            f"{KEYRINGS}/{key}/{name}.gpg",
            certificates.binary,
            "The keyring that the policy names",
        ),
    )
    commands = (
        *(("install", "-D", "-m", "644", each.name, each.place) for each in files),
        ("debsig-verify", "PACKAGE.deb"),
    )
    subkey = (_SUBKEY,) if signs_by_subkey(certificates.keys[0]) else ()
    return Recipe(files, (_ASKED, *subkey, *certificates.notes), commands)
