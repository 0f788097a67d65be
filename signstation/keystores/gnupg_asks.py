"""What a GnuPG key can sign: schemes by key type, and the octets that an ask comes down to."""

from __future__ import annotations

import hashlib

from signstation.errors import SchemeUnsupported
from signstation.model.asks import ToSign
from signstation.model.keys import KeyFamily, KeyType, Scheme, SignerProfile

HASH_NUMBERS = {32: 8, 48: 9, 64: 10}
"""OpenPGP's number of SHA-2 by digest length: the agent checks nothing but the length."""

_ECDSA = (Scheme.ECDSA_SHA256, Scheme.ECDSA_SHA384, Scheme.ECDSA_SHA512)
_SCHEMES: dict[KeyFamily, tuple[Scheme, ...]] = {
    KeyFamily.RSA: (
        Scheme.RSA_PKCS1_SHA256,
        Scheme.RSA_PKCS1_SHA384,
        Scheme.RSA_PKCS1_SHA512,
    ),
    KeyFamily.ED25519: (Scheme.ED25519,),
    # gpg-agent refuses a hash that is shorter than the curve (agent/pksign.c, do_encode_dsa)
    KeyFamily.P256: _ECDSA,
    KeyFamily.P384: _ECDSA[1:],
    KeyFamily.P521: _ECDSA[2:],
}


def schemes(kind: KeyType) -> tuple[Scheme, ...]:
    """Return the schemes of a key type, preferred first; empty where it is not supported."""
    return _SCHEMES.get(kind.family, ())


def octets(ask: ToSign, profile: SignerProfile) -> bytes:
    """Return what the private key is applied to: a digest of 32, 48 or 64 bytes.

    The agent signs nothing of another length, so an Ed25519 message has to be a digest too, as in
    OpenPGP. Raises SchemeUnsupported.
    """
    hashed = ask.scheme.hash
    if hashed is None:
        found = ask.message or b""
    elif ask.digest is not None:
        found = ask.digest
    else:
        found = hashlib.new(hashed.value, ask.input).digest()
    fits = len(found) in HASH_NUMBERS if hashed is None else len(found) == hashed.size
    if ask.scheme not in profile.schemes or not fits:
        raise SchemeUnsupported(key=str(profile.key), scheme=ask.scheme.value)
    return found
