"""Which key makes which signature of an artifact."""

from __future__ import annotations

from collections.abc import Sequence

from signstation.codec.sshsig import HASHES as SSH_HASHES
from signstation.errors import (
    CertificateMissing,
    KeyUnusable,
    SchemeUnsupported,
    SignstationError,
)
from signstation.interfaces.format import EveryType, Format
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Scheme, SignatureType, SignerProfile, Slot
from signstation.model.options import Options
from signstation.model.trust import Purpose
from signstation.signatures.certificates import read_certificate
from signstation.signatures.cms_rules import FILE_RULES, MODULE_RULES
from signstation.signatures.cms_sign import envelope_hash


def choose_slots(
    format_: Format,
    profiles: Sequence[SignerProfile],
    signature: SignatureType | None,
    wanted: HashAlgorithm | None,
    options: Options,
) -> tuple[Slot, ...]:
    """Return one slot per key that can serve the format, in the order of the keys.

    Of a format that is ``EveryType`` it is one for each type.

    A key whose signature types the format does not know, or whose certificate is meant for other
    uses, serves other artifacts of the order. Raises CertificateMissing where no key serves it,
    KeyUnusable where only certificates for other uses are left, SchemeUnsupported for a hash that
    no key can make, and what the format says to these slots (several keys where it carries one
    signature).
    """
    slots: list[Slot] = []
    refused: SignstationError | None = None
    for profile in profiles:
        for kind in _kinds(format_, profile, signature):
            try:
                _check_use(format_, profile, kind)
                slots.append(_slot(format_, profile, kind, wanted))
            except (KeyUnusable, SchemeUnsupported) as error:
                refused = error
    if not slots:
        kind = signature or format_.signature_types[0]
        raise refused or CertificateMissing(
            key=", ".join(str(profile.key) for profile in profiles), kind=kind.value
        )
    # The command lines of the real tools exist for just those slots that the format can sign.
    format_.commands(tuple(slots), options)
    return tuple(slots)


def _kinds(
    format_: Format, profile: SignerProfile, signature: SignatureType | None
) -> tuple[SignatureType, ...]:
    """Return the signature types that a key makes: the one chosen, else the first that it can."""
    if signature is None and isinstance(format_, EveryType):
        return tuple(kind for kind in format_.every_type if kind in profile.signature_types)
    possible = (
        kind
        for kind in format_.signature_types
        if kind in profile.signature_types and signature in {None, kind}
    )
    return tuple(possible)[:1]


def _check_use(format_: Format, profile: SignerProfile, kind: SignatureType) -> None:
    """Raise KeyUnusable where our own verifier would not trust the certificate for this format."""
    if kind is not SignatureType.CMS or profile.x509 is None:
        return
    rules = MODULE_RULES if format_.purpose is Purpose.KERNEL_MODULES else FILE_RULES
    leaf = read_certificate(profile.x509.chain[0])
    if leaf.usages is not None and not rules.usages.intersection(leaf.usages):
        reason = f"its certificate is meant for {', '.join(leaf.usage_titles)}"
        raise KeyUnusable(key=str(profile.key), reason=reason)


def _slot(
    format_: Format, profile: SignerProfile, kind: SignatureType, wanted: HashAlgorithm | None
) -> Slot:
    preferred = wanted or format_.default_hash
    scheme = _scheme(profile, preferred)
    # an SSH signature hashes the file with one hash and what is signed with another
    free = wanted is None or kind is SignatureType.SSHSIG
    if scheme is None and free and profile.schemes:
        scheme = profile.schemes[0]
    envelope = _envelope(kind, scheme, preferred) if scheme is not None else None
    if scheme is None or envelope is None or (wanted is not None and envelope is not wanted):
        made = "SSH" if kind is SignatureType.SSHSIG else profile.type.title
        title = f"{made} with {preferred.title}"
        raise SchemeUnsupported(key=str(profile.key), scheme=title)
    return Slot(profile, kind, scheme, envelope)


def _envelope(
    kind: SignatureType, scheme: Scheme, preferred: HashAlgorithm
) -> HashAlgorithm | None:
    """Return the hash of the envelope; None where its specification knows no such hash."""
    if kind is SignatureType.CMS:
        return envelope_hash(scheme, preferred)
    if kind is SignatureType.SSHSIG:
        return preferred if preferred in SSH_HASHES.values() else None
    return scheme.hash or preferred


def _scheme(profile: SignerProfile, preferred: HashAlgorithm) -> Scheme | None:
    """Return the key's favourite scheme that has this hash, or that hashes by itself."""
    for scheme in profile.schemes:
        if scheme.hash in {None, preferred}:
            return scheme
    return None
