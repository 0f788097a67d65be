"""What clients print about a property that they refuse, and what it is in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from signstation.acceptance.matrix import Client, Engine

WORDS: Mapping[str, str] = {
    "key.rsa1024": "an RSA key below 2048 bits",
    "key.rsa2048": "an RSA key of 2048 bits",
    "key.rsa3072": "an RSA key of 3072 bits or more",
    "key.dsa1024": "a DSA key of 1024 bits",
    "key.dsa": "a DSA key",
    "key.ed25519": "an Ed25519 key",
    "key.ed25519-algorithm27": "an Ed25519 key in the form of RFC 9580",
    "key.ed448": "an Ed448 key",
    "key.p256": "a P-256 key",
    "key.p384": "a P-384 key",
    "key.p521": "a P-521 key",
    "key.other-curve": "a Brainpool or secp256k1 key",
    "key.v6": "a key of version 6",
    "key.mldsa": "an ML-DSA key",
    "hash.md5": "MD5",
    "hash.sha1": "SHA-1",
    "hash.ripemd160": "RIPEMD-160",
    "hash.sha224": "SHA-224",
    "signature.v3": "a signature of version 3",
    "signature.expired": "a signature that has expired",
    "signature.future": "a signature dated in the future",
    "self.md5": "a key that vouches for itself with MD5 only",
    "self.sha1": "a key that vouches for itself with SHA-1 only",
    "binding.sha1": "a subkey bound with SHA-1 only",
    "binding.md5": "a subkey bound with MD5 only",
    "state.expired-after-signing": "a key that has expired since",
    "state.signed-after-expiry": "a key that had expired",
    "state.revoked": "a revoked key",
    "state.superseded-after-signing": "a key that was superseded since",
    "state.superseded-before-signing": "a key that had been superseded",
    "order.v6-first": "a signature of version 6 before one of version 4",
    "tag.openpgp": "signatures in the tag of RPM 6 only",
}
_DSA = "DSA is not considered secure since 2024-02-01"
_SQV: Mapping[str, str] = {
    "key.rsa1024": "RSA1024 is not considered secure since 2014-02-01",
    "key.rsa2048": "RSA2048 is not considered secure since 2030-02-01",
    "key.dsa1024": _DSA,
    "key.dsa": _DSA,
    "hash.md5": "MD5 is not considered secure since 1997-02-01",
    "hash.sha1": "SHA1 is not considered secure since 2013-02-01",
    "hash.ripemd160": "RipeMD160 is not considered secure since 2013-02-01",
    "hash.sha224": "SHA224 is not considered secure since 2026-02-01",
    "signature.v3": "Signature Packet v3 is not considered secure since 2026-02-01",
    "self.sha1": "No binding signature: SHA1 is not considered secure since 2026-02-01",
    "binding.sha1": "No binding signature: SHA1 is not considered secure since 2026-02-01",
}
_GPGV: Mapping[str, str] = {
    "hash": "The following signatures were invalid",
    "signature.expired": "The following signatures were invalid: EXPSIG",
    "state.expired-after-signing": "The following signatures were invalid: EXPKEYSIG",
    "state.signed-after-expiry": "The following signatures were invalid: EXPKEYSIG",
    "state": "The following signatures were invalid: REVKEYSIG",
    "key.v6": "Signed file isn't valid, got 'NODATA'",
    "key.mldsa": "Signed file isn't valid, got 'NODATA'",
    "order": "Signed file isn't valid, got 'NODATA'",
    "key": "The following signatures couldn't be verified: ERRSIG",
}
_GPGV_RULES: Mapping[str, str] = {
    **_GPGV,
    "key.rsa1024": "uses weak algorithm (rsa1024)",
    "key.other-curve": "uses weak algorithm",
    "key.dsa": "untrusted public key algorithm",
    "key.dsa1024": "untrusted public key algorithm",
    "key.p521": "untrusted public key algorithm: nistp521",
    "hash": "untrusted digest algorithm",
}
_RPM_OWN: Mapping[str, str] = {
    "key": "key 1 import failed.",
    "self": "key 1 import failed.",
    "hash": "Hash algorithm not available.",
    "tag": "is not signed",
}
_RPM_SEQUOIA: Mapping[str, str] = {
    "self": "No binding signature",
    "binding": "No binding signature",
    "tag": "is not signed",
    "": "NOTTRUSTED",
}
_SAID = {
    Engine.GPGV: _GPGV,
    Engine.GPGV_RULES: _GPGV_RULES,
    Engine.SQV: _SQV,
    Engine.RPM_OWN: _RPM_OWN,
    Engine.RPM_SEQUOIA: _RPM_SEQUOIA,
}


def said(client: Client, name: str) -> str:
    """Return the client's own words about a property, empty where they are not known."""
    words = _SAID[client.engine]
    return words.get(name) or words.get(name.partition(".")[0]) or words.get("", "")


def reason(client: Client, name: str) -> str:
    """Return a property in plain words, with the client's own where they are known."""
    own = said(client, name)
    return f"{WORDS[name]} ({own})" if own else WORDS[name]
