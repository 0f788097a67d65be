"""Sound inputs that fuzzing starts with: one for each target where one helps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signstation.app.methods import Method, encode_call
from signstation.audit.checkpoint import write_checkpoint
from signstation.codec import armor, cleartext, kmod, sshkeys, sshkrl, sshsig, sshwire, stationwire
from signstation.model.hashes import HashAlgorithm
from signstation.model.orders import VerifyOrder
from signstation.worker import frames, wire
from tests.support.cms import signed_bytes
from tests.support.journal import sealed_plan
from tests.support.kmod import module
from tests.support.openpgp import shared_certificate
from tests.support.rpm import build
from tests.support.x509 import identity

_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
_NUMBER = bytes(64)


def seeds() -> Mapping[str, bytes]:
    """Return a sound input by the name of its target."""
    owner = identity("p256")
    signed = signed_bytes(owner)
    certificate = shared_certificate().trusted.material
    return {
        "allowed-signers": _allowed_signers(),
        "armor": armor.armor(armor.ArmorKind.SIGNATURE, b"some bytes"),
        "certificates": certificate,
        "checkpoint": write_checkpoint(_KEY, 3, bytes(32)),
        "checksums": bytes(32).hex().encode() + b"  name\n",
        "cleartext": cleartext.write_cleartext(b"text\n", ["SHA256"], b"some bytes"),
        "cms": signed,
        "colons": b"pub:u:256:22:00112233445566AA:1700000000:::u:::scESC:::::ed25519:::0:\n"
        b"fpr:::::::::AB:\nuid:u::::1700000000::CD::A\\x3a <a@example.org>::::::::::0:\n",
        "der": signed,
        "elf": module(),
        "kmod": module() + kmod.append(signed),
        "krl": _krl(),
        "openpgp-keys": certificate,
        "pem": owner.certificate_pem(),
        "request": sealed_plan(1).signing.data,
        "rpm": build(),
        "sexp": b"(7:sig-val(3:rsa(1:s2:xy)))",
        "sshkeys": _blob(),
        "sshprivate": _KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
        "sshsig": _sshsig(),
        "station-calls": _call(),
        "station-frames": stationwire.pack(stationwire.FrameType.CALL, 7, {"method": "x"}),
        "worker-bodies": b"\0" + wire.put_answers((b"one", b"two")),
        "worker-frames": frames.pack(frames.FrameType.CALL, 7, b'{"method":"x"}'),
    }


def _blob() -> bytes:
    return sshkeys.key_blob(_KEY.public_key())


def _allowed_signers() -> bytes:
    options = 'namespaces="file,git",valid-after="20240101",valid-before="203001011200Z"'
    line = sshkeys.public_line(_blob())
    return f"# signers\na@example.org,*@example.com {options} {line} a key\n".encode()


def _krl() -> bytes:
    """One revoked key by itself, one by its SHA-1, one by its SHA-256 (PROTOCOL.krl)."""
    head = sshkrl.MAGIC + sshwire.uint32(sshkrl.VERSION) + bytes(24)
    sections = (
        (sshkrl.Section.KEYS, _blob()),
        (sshkrl.Section.SHA1, bytes(20)),
        (sshkrl.Section.SHA256, bytes(32)),
    )
    texts = sshwire.string(b"") + sshwire.string(b"a comment")
    return (
        head
        + texts
        + b"".join(bytes([kind]) + sshwire.string(sshwire.string(body)) for kind, body in sections)
    )


def _sshsig() -> bytes:
    found = sshsig.SshSignature(
        key=_blob(),
        namespace=b"file",
        reserved=b"",
        hash=HashAlgorithm.SHA512,
        algorithm=b"ssh-ed25519",
        number=_NUMBER,
    )
    return sshsig.write_sshsig(found)


def _call() -> bytes:
    order = VerifyOrder((Path("/a"),), trust=(Path("/b"),), at=1_700_000_000, format="rpm")
    return json.dumps(encode_call(Method.VERIFY, (order,))).encode()
