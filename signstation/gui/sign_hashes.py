"""Which hash the signatures of a kind will have, and why another is refused; without Qt.

The engine decides when it plans (``jobs.slots``); this foretells it, so that a person reads the
reason beside the choice and not in the review. A test holds the two together.
"""

from __future__ import annotations

from typing import assert_never

from signstation.codec.sshsig import HASHES as SSH_HASHES
from signstation.gui.sign_flow import Choice
from signstation.keystores.gnupg_asks import schemes as gnupg_schemes
from signstation.keystores.ssh_sign import ssh_schemes
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SSH_STORE, KeyFamily, KeyInfo, Scheme, SignatureType
from signstation.model.orders import signing_format
from signstation.model.text import Text, text
from signstation.signatures.cms_sign import envelope_hash
from signstation.signatures.softwarekey import schemes_of

HASHES = (HashAlgorithm.SHA256, HashAlgorithm.SHA384, HashAlgorithm.SHA512)
"""What ``sign --hash`` takes."""
_DEFAULTS = {
    "aptrepo": HashAlgorithm.SHA512,
    "checksums": HashAlgorithm.SHA512,
    "debsource": HashAlgorithm.SHA512,
    "text": HashAlgorithm.SHA512,
}
"""Formats whose own default is not SHA-256; a table, since the window loads no format's code."""
_GNUPG = "gpg"


def hash_of(kind: str, choice: Choice, wanted: HashAlgorithm | None) -> HashAlgorithm | None:
    """Return the hash of the envelope; None where the key cannot make what is wanted.

    ``kind`` is the id of a format, whose own default is taken where nothing is wanted.
    """
    if choice.key is None:
        return None
    format_id = signing_format(kind, choice.signature.value)
    preferred = wanted or _DEFAULTS.get(format_id, HashAlgorithm.SHA256)
    usable = _schemes(choice.key)
    fitting = [each for each in usable if each.hash in {None, preferred}]
    if not fitting and (wanted is None or choice.signature is SignatureType.SSHSIG):
        fitting = list(usable)
    if not fitting:
        return None
    match choice.signature:
        case SignatureType.SSHSIG:
            made = preferred if preferred in SSH_HASHES.values() else None
        case SignatureType.CMS:
            made = envelope_hash(fitting[0], preferred)
        case SignatureType.OPENPGP | SignatureType.CLEARTEXT:
            made = fitting[0].hash or preferred
        case signature:
            assert_never(signature)
    return made if wanted in {None, made} else None


def refusal(kind: str, choice: Choice, wanted: HashAlgorithm | None) -> Text | None:
    """Return why this key cannot sign with that hash; None where it can."""
    if choice.key is None or hash_of(kind, choice, wanted) is not None:
        return None
    usual, key = hash_of(kind, choice, None), choice.key.type.title
    if choice.signature is SignatureType.SSHSIG:
        return Text("SSH signatures know SHA-256 and SHA-512 only.")
    if choice.signature is SignatureType.CMS and choice.key.type.family is KeyFamily.ED25519:
        return Text("In CMS, Ed25519 goes with SHA-512 only (RFC 8419).")
    if choice.key.key.store == _GNUPG and usual is not None:
        return text("GnuPG takes no hash that is shorter than the curve of {key}.", key=key)
    return text("{key} cannot sign with this hash.", key=key)


def _schemes(key: KeyInfo) -> tuple[Scheme, ...]:
    if key.key.store == _GNUPG:
        return gnupg_schemes(key.type)
    if key.key.store == SSH_STORE:
        return ssh_schemes(key.type)
    return schemes_of(key.type)
