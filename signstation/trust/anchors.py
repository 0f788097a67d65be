"""Trust files of every kind: told apart by content, prepared once, handed on as plain values.

One file may hold several anchors and both kinds: armored OpenPGP certificates and PEM blocks in
one text, binary OpenPGP packets, or DER certificates one after another. Lines of text that are none
of these are an allowed_signers file of OpenSSH; its lists of revoked keys take trust away.
"""

from __future__ import annotations

from collections.abc import Sequence

from signstation.codec import der
from signstation.codec.der import pem_blocks
from signstation.codec.sshkrl import is_krl
from signstation.errors import ArtifactMalformed, KeyUnreadable
from signstation.interfaces.context import ToolContext
from signstation.model.trust import (
    OpenPgpCertificate,
    Origin,
    SshAnchor,
    SshRevocations,
    Trust,
    X509Anchor,
)
from signstation.trust.openpgp import prepare_openpgp
from signstation.trust.ssh import is_allowed_signers, prepare_krl, prepare_ssh
from signstation.trust.x509 import MAX_ANCHORS, prepare_x509

MAX_FILE = 64 * 1024 * 1024
"""Most bytes of one trust file: a distribution's whole keyring has a few megabytes."""
PACKET = 0x80
"""Bit 7 of the first octet of every OpenPGP packet (RFC 9580 4.2); never set in DER's SEQUENCE."""
ARMOR = "PGP PUBLIC KEY BLOCK"
CERTIFICATES = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})


def prepare_trust(files: Sequence[tuple[str, bytes]], ctx: ToolContext) -> Trust:
    """Turn anchor files (label, content) into Trust. Blocks; runs gpg for OpenPGP ones.

    Raises KeyUnreadable, its ``key`` the label of the file that holds nothing usable.
    """
    openpgp: list[OpenPgpCertificate] = []
    x509: list[X509Anchor] = []
    ssh: list[SshAnchor] = []
    revoked: list[SshRevocations] = []
    for label, content in files:
        origin = Origin(f"trust file {label}")
        try:
            found = _prepare(content, origin, ctx)
        except KeyUnreadable as error:
            raise KeyUnreadable(key=label, reason=error.reason) from error
        openpgp.extend(found.openpgp)
        x509.extend(found.x509)
        ssh.extend(found.ssh)
        revoked.extend(found.ssh_revoked)
    return Trust(tuple(openpgp), tuple(x509), tuple(ssh), tuple(revoked))


def _prepare(content: bytes, origin: Origin, ctx: ToolContext) -> Trust:
    if len(content) > MAX_FILE:
        raise KeyUnreadable(reason=f"more than {MAX_FILE} bytes")
    if b"-----BEGIN " in content:
        return _prepare_text(content, origin, ctx)
    if content[:1] == bytes((der.SEQUENCE,)):
        return Trust(x509=prepare_x509(content, origin))
    if content and content[0] & PACKET:
        return Trust(openpgp=prepare_openpgp(content, origin, ctx))
    if is_krl(content):
        return Trust(ssh_revoked=(prepare_krl(content, origin),))
    if is_allowed_signers(content):
        return Trust(ssh=prepare_ssh(content, origin))
    raise KeyUnreadable(reason="no OpenPGP certificate, X.509 one or list of allowed SSH signers")


def _prepare_text(content: bytes, origin: Origin, ctx: ToolContext) -> Trust:
    """Other blocks, as the private key beside a certificate, are passed over unread."""
    openpgp: list[OpenPgpCertificate] = []
    x509: list[X509Anchor] = []
    try:
        blocks = pem_blocks(content, MAX_ANCHORS)
        for block in blocks:
            if block.label == ARMOR:
                openpgp.extend(prepare_openpgp(block.text + b"\n", origin, ctx))
            elif block.label in CERTIFICATES:
                x509.extend(prepare_x509(block.decode(), origin))
    except ArtifactMalformed as error:
        raise KeyUnreadable(reason=str(error)) from error
    if not openpgp and not x509:
        labels = ", ".join(each.label for each in blocks) or "no whole block"
        raise KeyUnreadable(reason=f"no certificate in it: {labels}"[:200])
    return Trust(tuple(openpgp), tuple(x509))
