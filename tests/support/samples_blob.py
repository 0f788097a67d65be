"""Samples of plain files for the contract of formats: every signature file, alone and together."""

from __future__ import annotations

from collections.abc import Mapping

from signstation.codec.armor import is_armored
from signstation.codec.openpgp_packets import packets
from signstation.codec.sshsig import is_sshsig
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Slot
from signstation.model.trust import Trust
from tests.support import ssh, x509
from tests.support.blobs import OWNER, answer
from tests.support.contract_formats import MakeSample, Sample
from tests.support.openpgp import shared_certificate

CONTENT = bytes(range(256)) * 40 + b"\r\n trailing blanks \n"


def openpgp(suite: str = "Cv25519", hashed: HashAlgorithm = HashAlgorithm.SHA256) -> Slot:
    """The slot of a certificate."""
    return shared_certificate(suite).slot_with(hashed)


def sample(*slots: Slot, **options: str) -> Sample:
    """A file and its signers."""
    certificates = [shared_certificate(each).trusted for each in ("Cv25519", "P256", "P384")]
    certificates.append(shared_certificate("RSA2k").trusted)
    return Sample(
        content=CONTENT,
        slots=slots,
        answer=lambda ask: answer(slots[ask.slot], ask),
        trust=Trust(tuple(certificates), x509.trust(OWNER).x509, ssh.trust().ssh),
        time=1 + max(key.created for each in certificates for key in each.keys),
        options=options,
        detached=detached,
    )


def detached(signature: bytes) -> tuple[range, ...]:
    """What of a signature file must not change: all but what only helps to read it.

    That is the line end behind an armor; in a packet the unhashed subpackets and the copied start
    of the digest; in a CMS the list of hashes and the certificates. One of two packets may change:
    the other one stands.
    """
    end = len(signature)
    if is_armored(signature) or is_sshsig(signature):
        return (range(end - 1),)
    certificate = signature.find(OWNER.der)
    if certificate >= 0:
        return (range(certificate + len(OWNER.der), end),)
    first, *others = packets(signature)
    start = len(first.raw) - len(first.body)
    hashed = 6 + int.from_bytes(first.body[4:6], "big")
    unhashed = 2 + int.from_bytes(first.body[hashed : hashed + 2], "big")
    return () if others else (range(start + hashed), range(start + hashed + unhashed + 2, end))


SAMPLES: Mapping[str, MakeSample] = {
    "armored": lambda: sample(openpgp()),
    "binary": lambda: sample(openpgp(), armor="no"),
    "rsa": lambda: sample(openpgp("RSA2k", HashAlgorithm.SHA512)),
    "ecdsa": lambda: sample(openpgp("P384", HashAlgorithm.SHA384)),
    "cms": lambda: sample(x509.slot(OWNER)),
    "ssh": lambda: sample(ssh.slot()),
    "ssh-ecdsa": lambda: sample(ssh.slot("p384", HashAlgorithm.SHA512)),
    "several": lambda: sample(openpgp(), x509.slot(OWNER), openpgp("P256"), ssh.slot(), armor="no"),
}
