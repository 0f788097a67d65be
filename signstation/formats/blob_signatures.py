"""Reads detached signature files by content: OpenPGP (armor, binary), CMS (DER, PEM) and SSH."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from signstation.codec.armor import ArmorKind, dearmor, is_armored
from signstation.codec.cleartext import is_cleartext
from signstation.codec.cms import SignedData, parse_signed_data
from signstation.codec.openpgp import SignaturePacket, parse_signatures
from signstation.codec.sshsig import SshSignature, is_sshsig, parse_sshsig
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.interfaces.artifact import Artifact
from signstation.model.text import Text, text

MAX_SIGNATURE_FILE = 1024 * 1024
"""Most bytes of a signature file: 64 OpenPGP signatures, or a CMS with ML-DSA chains, fit twice."""

_DER_SEQUENCE = 0x30
_PACKET = 0x80
_PEM = re.compile(rb"-----BEGIN (CMS|PKCS7)-----\s*([A-Za-z0-9+/=\s]*)-----END \1-----", re.ASCII)


@dataclass(frozen=True, slots=True)
class OpenPgpFile:
    """The packets of a detached OpenPGP signature file."""

    packets: tuple[SignaturePacket, ...]


@dataclass(frozen=True, slots=True)
class CmsFile:
    """A detached CMS signature."""

    signed: SignedData


@dataclass(frozen=True, slots=True)
class SshFile:
    """An SSH signature."""

    signature: SshSignature


@dataclass(frozen=True, slots=True)
class UnknownFile:
    """A signature file that cannot be used, and why."""

    why: Text


SignatureFile = OpenPgpFile | CmsFile | SshFile | UnknownFile


def read_signature_file(artifact: Artifact) -> SignatureFile:
    """Return what a signature file holds. Raises ArtifactUnreadable only."""
    if artifact.size > MAX_SIGNATURE_FILE:
        return UnknownFile(text("It has more than {limit} bytes.", limit=MAX_SIGNATURE_FILE))
    data = artifact.read(0, MAX_SIGNATURE_FILE)
    try:
        return _read(data)
    except ArtifactMalformed as error:
        words = "It is damaged at byte {offset}: {expected} expected, {found}."
        return UnknownFile(
            text(words, offset=error.offset, expected=error.expected, found=error.found)
        )
    except LimitReached as error:
        return UnknownFile(
            text("It has more than {limit} {what}.", limit=error.limit, what=error.what)
        )


def _read(data: bytes) -> SignatureFile:
    if is_sshsig(data):
        return SshFile(parse_sshsig(data))
    if is_armored(data):
        return _armored(data)
    if pem := _PEM.search(data):
        return _cms(_base64(pem.group(2), pem.start(2)))
    if data[:1] == bytes((_DER_SEQUENCE,)):
        return _cms(data)
    if data and data[0] & _PACKET:
        return _openpgp(data)
    return UnknownFile(Text("It is no OpenPGP, CMS or SSH signature."))


def _armored(data: bytes) -> SignatureFile:
    if is_cleartext(data):
        words = "It is a text of its own, signed in the clear, and says nothing about the file."
        return UnknownFile(Text(words))
    blocks = [each for each in dearmor(data) if each.kind is ArmorKind.SIGNATURE]
    return _openpgp(b"".join(each.data for each in blocks))


def _openpgp(data: bytes) -> SignatureFile:
    packets = parse_signatures(data)
    return OpenPgpFile(packets) if packets else UnknownFile(Text("It holds no signature."))


def _cms(data: bytes) -> SignatureFile:
    signed = parse_signed_data(data)
    if signed.content is not None:
        return UnknownFile(Text("It carries content of its own and says nothing about the file."))
    return CmsFile(signed) if signed.signers else UnknownFile(Text("It holds no signer."))


def _base64(value: bytes, offset: int) -> bytes:
    try:
        return base64.b64decode(b"".join(value.split()), validate=True)
    except binascii.Error as error:
        raise ArtifactMalformed(
            format="pem", offset=offset, expected="base64", found=str(error)
        ) from error
