"""Turns OpenPGP key files into trusted certificates: three readers have to agree about each.

GnuPG tells the state of the keys (our own reader, where GnuPG knows the version not), Sequoia has
to read the certificate, and our parser has to find the same fingerprints.
"""

from __future__ import annotations

from dataclasses import replace

import pysequoia

from signstation.codec.armor import ArmorKind, dearmor, is_armored
from signstation.codec.openpgp_certificates import TransferableKey, split_certificates
from signstation.errors import ArtifactMalformed, KeyUnreadable, LimitReached
from signstation.interfaces.context import ToolContext
from signstation.model.trust import OpenPgpCertificate, OpenPgpKey, Origin
from signstation.trust.openpgp_gnupg import GnupgView, view_by_gnupg
from signstation.trust.openpgp_own import beyond_gnupg, read_keys, user_ids

MAX_MATERIAL = 64 * 1024 * 1024
"""Most bytes of one key file: the largest keyring of a distribution has about 40 MB."""


def prepare_openpgp(
    material: bytes, origin: Origin, ctx: ToolContext
) -> tuple[OpenPgpCertificate, ...]:
    """Return the certificates of a key file, armored or binary, with the state of their keys.

    The same certificate twice is one. Blocks for some milliseconds per certificate (gpg). Raises
    KeyUnreadable naming ``origin.source`` and the certificate that no reader accepts, ToolMissing
    without gpg.
    """
    try:
        found = list(split_certificates(_binary(material, origin)))
    except (ArtifactMalformed, LimitReached) as error:
        raise KeyUnreadable(key=origin.source, reason=str(error)) from error
    if not found:
        raise KeyUnreadable(key=origin.source, reason="no OpenPGP certificate inside")
    known = {each.primary.fingerprint: each for each in found if not beyond_gnupg(each.primary)}
    materials = (each.material for each in found if each.primary.fingerprint in known)
    views = view_by_gnupg(known.keys(), materials, ctx) if known else {}
    prepared: dict[str, OpenPgpCertificate] = {}
    for each in found:
        fingerprint = each.primary.fingerprint
        if fingerprint not in prepared:
            prepared[fingerprint] = _prepare(each, views.get(fingerprint), origin)
    return tuple(prepared.values())


def _binary(material: bytes, origin: Origin) -> bytes:
    if len(material) > MAX_MATERIAL:
        raise LimitReached(what="bytes of a key file", limit=MAX_MATERIAL)
    if not is_armored(material):
        return material
    blocks = dearmor(material)
    if any(each.kind is ArmorKind.PRIVATE_KEY for each in blocks):
        raise KeyUnreadable(key=origin.source, reason="it holds private keys")
    return b"".join(each.data for each in blocks if each.kind is ArmorKind.PUBLIC_KEY)


def _prepare(
    certificate: TransferableKey, view: GnupgView | None, origin: Origin
) -> OpenPgpCertificate:
    fingerprint = certificate.primary.fingerprint
    if view is not None:
        keys, users = _bounded(view.keys), view.user_ids
        made = OpenPgpCertificate(view.material, users, keys, origin)
    elif beyond_gnupg(certificate.primary):
        keys, users = _bounded(_read(certificate, origin)), user_ids(certificate)
        made = OpenPgpCertificate(certificate.material, users, keys, origin)
    else:
        raise KeyUnreadable(key=origin.source, reason=f"{fingerprint}: GnuPG refuses it")
    if not made.keys or made.primary.fingerprint != fingerprint or not made.primary.valid_binding:
        reason = f"{fingerprint} has no valid self-signature"
        raise KeyUnreadable(key=origin.source, reason=reason)
    try:
        second = pysequoia.Cert.from_bytes(made.material).fingerprint.upper()
    except (RuntimeError, ValueError) as error:
        reason = f"{fingerprint}: Sequoia cannot read it"
        raise KeyUnreadable(key=origin.source, reason=reason) from error
    if second != fingerprint:
        reason = f"{fingerprint}: Sequoia finds another key"
        raise KeyUnreadable(key=origin.source, reason=reason)
    return made


def _read(certificate: TransferableKey, origin: Origin) -> tuple[OpenPgpKey, ...]:
    try:
        primary, *subkeys = read_keys(certificate)
    except ArtifactMalformed as error:
        raise KeyUnreadable(key=origin.source, reason=str(error)) from error
    return (primary, *subkeys)


def _bounded(keys: tuple[OpenPgpKey, ...]) -> tuple[OpenPgpKey, ...]:
    """No subkey outlives its primary key: GnuPG 2.4 lists it so once that has expired."""
    if not keys or keys[0].expires is None:
        return keys
    end = keys[0].expires
    return tuple(replace(each, expires=min(each.expires or end, end)) for each in keys)
