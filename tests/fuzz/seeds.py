"""Sound inputs that fuzzing starts with: one for each target where one helps."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    SSHCertificateBuilder,
    SSHCertificateType,
)

from signstation.app.methods import Method, encode_call
from signstation.audit.checkpoint import write_checkpoint
from signstation.codec import (
    ar,
    armor,
    checksums,
    cleartext,
    compression,
    kmod,
    sshkeys,
    sshkrl,
    sshsig,
    sshwire,
    stationwire,
)
from signstation.model.asks import Compression
from signstation.model.hashes import HashAlgorithm
from signstation.model.orders import VerifyOrder
from signstation.worker import frames, wire
from tests.support import rpmrepo
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
        "ar": ar.MAGIC + ar.member("debian-binary", b"2.0\n") + ar.member("_gpgorigin", b"odd"),
        "armor": armor.armor(armor.ArmorKind.SIGNATURE, b"some bytes"),
        "certificates": certificate,
        "checkpoint": write_checkpoint(_KEY, 3, bytes(32)),
        "checksums": _checksums(),
        "cleartext": cleartext.write_cleartext(b"one \n- two\nFrom 3\n", ("SHA512",), b"packets"),
        "cms": signed,
        "colons": b"pub:u:256:22:00112233445566AA:1700000000:::u:::scESC:::::ed25519:::0:\n"
        b"fpr:::::::::AB:\nuid:u::::1700000000::CD::A\\x3a <a@example.org>::::::::::0:\n",
        "compressed": compression.pack(module(), Compression.XZ),
        "der": signed,
        "elf": module(),
        "kmod": module() + kmod.append(signed),
        "krl": _krl(),
        "openpgp-keys": certificate,
        "pem": owner.certificate_pem(),
        "repomd": rpmrepo.repomd([rpmrepo.data("primary", ".gz", b"a", b"b")]),
        "repomd-primary": rpmrepo.primary([rpmrepo.listed("twin", b"a")]),
        "request": sealed_plan(1).signing.data,
        "rpm": build(),
        "sexp": b"(7:sig-val(3:rsa(1:s2:xy)))",
        "sshcert": _certificate(),
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


def _checksums() -> bytes:
    digest = bytes(32)
    entries = (
        checksums.Entry("a b\\c\n", HashAlgorithm.SHA256, digest),
        checksums.Entry("./d", HashAlgorithm.SHA256, digest),
    )
    gnu = checksums.write_list(entries, checksums.ListForm.GNU)
    return b"# all\n" + gnu + checksums.write_list(entries[1:], checksums.ListForm.BSD)


def _certificate() -> bytes:
    made = (
        SSHCertificateBuilder()
        .public_key(_KEY.public_key())
        .serial(7)
        .type(SSHCertificateType.USER)
        .key_id(b"key of a")
        .valid_principals([b"a@example.org", b"b"])
        .valid_after(1_700_000_000)
        .valid_before(1_800_000_000)
        .add_critical_option(b"force-command", b"true")
        .sign(_KEY)
    )
    return base64.b64decode(made.public_bytes().split()[1])


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
