"""What GnuPG says about OpenPGP certificates: imported into a private home, listed, exported.

Only GnuPG decides which user ids, subkeys and revocations are valid; times and reasons of the
revocations that it marks as good (``rev:!``) come out of the same listing (doc/DETAILS of GnuPG).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signstation.codec.colons import ListedCertificate, ListedKey, Validity, parse_listing
from signstation.codec.openpgp_certificates import split_certificates
from signstation.codec.openpgp_keys import PublicKeyPacket, public_keys
from signstation.errors import ToolFailed
from signstation.interfaces.context import ToolContext
from signstation.model.keys import KeyFamily, KeyType
from signstation.model.trust import OpenPgpKey, Revocation, RevocationReason

GPG = "gpg"
HOME = "gnupg"
"""Name of the private home inside the context's directory."""
TIMEOUT = 120.0
"""Seconds for one call; a keyring of 1,000 certificates takes about 5."""
OPTIONS = (
    *("--no-options", "--batch", "--no-tty", "--no-autostart", "--disable-dirmngr"),
    *("--trust-model", "always", "--no-auto-check-trustdb", "--ignore-time-conflict"),
)
"""A neutral gpg: no configuration, no agent, no network, and facts instead of today's date."""

REASONS: Mapping[int, RevocationReason] = {
    0x00: RevocationReason.NONE,
    0x01: RevocationReason.SUPERSEDED,
    0x02: RevocationReason.COMPROMISED,
    0x03: RevocationReason.RETIRED,
    0x20: RevocationReason.USER_ID_INVALID,
}
"""Codes of RFC 9580 section 5.2.3.31; an unknown one counts as NONE, which is a hard reason."""

_LIST = ("--with-colons", "--fixed-list-mode", "--check-sigs")
_PRIMARY_REVOKED, _SUBKEY_REVOKED = "20", "28"
_FINGERPRINT_FIELD, _CLASS_FIELD, _CREATED_FIELD = 9, 10, 5


@dataclass(frozen=True, slots=True)
class GnupgView:
    """One certificate as GnuPG sees it: what it kept of it, its user ids and its keys."""

    material: bytes
    user_ids: tuple[str, ...]
    keys: tuple[OpenPgpKey, ...]


def view_by_gnupg(
    wanted: Collection[str], materials: Iterable[bytes], ctx: ToolContext
) -> dict[str, GnupgView]:
    """Return GnuPG's view by primary fingerprint; certificates that it refuses are missing.

    ``materials`` are the binary certificates of the primary keys ``wanted``, duplicates among them.

    Blocks for some milliseconds per certificate. Raises ToolMissing, ToolTimedOut and ToolFailed.
    """
    home = ctx.directory / HOME
    home.mkdir(mode=0o700, exist_ok=True)
    all_of_them = tuple(materials)
    _gpg(ctx, home, ("--import",), stdin=b"".join(all_of_them))
    listing = _gpg(ctx, home, _LIST)
    if len(parse_listing(listing)) < len(wanted):
        # a packet that gpg cannot read ends an import and takes the rest with it: one by one
        for material in all_of_them:
            _gpg(ctx, home, ("--import",), stdin=material)
        listing = _gpg(ctx, home, _LIST)
    revoked = _revocations(listing)
    views: dict[str, GnupgView] = {}
    exported = _gpg(ctx, home, ("--export",))
    kept = {each.primary.fingerprint: each.material for each in split_certificates(exported)}
    for certificate in parse_listing(listing):
        fingerprint = certificate.primary.fingerprint
        if fingerprint in kept:
            views[fingerprint] = _view(certificate, kept[fingerprint], revoked)
    return views


def _gpg(ctx: ToolContext, home: Path, arguments: Sequence[str], stdin: bytes = b"") -> bytes:
    done = ctx.programs.run(
        GPG, ("--homedir", str(home), *OPTIONS, *arguments), stdin=stdin, timeout=TIMEOUT
    )
    if done.status < 0:
        output = done.stderr[-2000:].decode("utf-8", "replace")
        raise ToolFailed(program=GPG, exit_status=done.status, output=output)
    return done.stdout  # a certificate that was refused shows by its absence, not by the status


def _view(
    certificate: ListedCertificate, material: bytes, revoked: Mapping[str, Revocation]
) -> GnupgView:
    packets = {each.fingerprint: each for each in public_keys(material)}
    primary_revoked = certificate.primary.fingerprint in revoked
    keys = tuple(
        _key(each, packets[each.fingerprint], revoked, primary_revoked=primary_revoked)
        for each in certificate.keys
        if each.fingerprint in packets and packets[each.fingerprint].created == each.created
    )
    users = tuple(
        each.value
        for each in certificate.users
        # with the primary key all its user ids are revoked; they still say whose key it was
        if each.validity is not Validity.REVOKED or primary_revoked
    )
    return GnupgView(material, users, keys)


def _key(
    listed: ListedKey,
    packet: PublicKeyPacket,
    revoked: Mapping[str, Revocation],
    *,
    primary_revoked: bool,
) -> OpenPgpKey:
    revocation = revoked.get(listed.fingerprint)
    if revocation is None and listed.validity is Validity.REVOKED:
        # GnuPG marks the subkeys of a revoked primary key too; otherwise it knows more than we
        inherited = not listed.primary and primary_revoked
        revocation = None if inherited else Revocation(packet.created, RevocationReason.NONE)
    return OpenPgpKey(
        fingerprint=listed.fingerprint,
        type=packet.type if packet.key else KeyType(KeyFamily.OTHER, listed.bits),
        created=packet.created,
        expires=listed.expires,
        can_sign="s" in listed.capabilities,
        revocation=revocation,
        valid_binding=listed.validity is not Validity.INVALID,
    )


def _revocations(listing: bytes) -> dict[str, Revocation]:
    """Return the good revocations of keys by fingerprint; the gravest where there are several."""
    found: dict[str, Revocation] = {}
    current, kind = "", ""
    for line in listing.decode("utf-8", "backslashreplace").splitlines():
        fields = line.split(":")
        match fields[0]:
            case "pub" | "sub":
                current, kind = "", _PRIMARY_REVOKED if fields[0] == "pub" else _SUBKEY_REVOKED
            case "fpr" if not current and len(fields) > _FINGERPRINT_FIELD:
                current = fields[_FINGERPRINT_FIELD]
            case "uid" | "uat":
                kind = ""
            case "rev" if fields[1] == "!" and len(fields) > _CLASS_FIELD:
                number, _, code = fields[_CLASS_FIELD].partition(",")
                if current and number.rstrip("xl") == kind:
                    new = Revocation(int(fields[_CREATED_FIELD] or "0"), _reason(code))
                    found[current] = _graver(found.get(current), new)
    return found


def _reason(code: str) -> RevocationReason:
    try:
        return REASONS.get(int(code, 16), RevocationReason.NONE)
    except ValueError:
        return RevocationReason.NONE


def _graver(old: Revocation | None, new: Revocation) -> Revocation:
    return new if old is None else min(old, new, key=lambda each: (not each.reason.hard, each.at))
