"""What is fuzzed: each reader of untrusted bytes, which gives a value or an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from signstation.codec import (
    armor,
    cms,
    colons,
    der,
    elf,
    kmod,
    openpgp,
    request,
    rpmfile,
    sexp,
    sshkeys,
    sshprivate,
    sshsig,
    stationwire,
)
from signstation.codec.openpgp_certificates import split_certificates
from signstation.codec.openpgp_keys import public_keys
from signstation.errors import SignstationError
from signstation.worker import frames, wire
from tests.support.cms import signed_bytes
from tests.support.kmod import module
from tests.support.openpgp import shared_certificate
from tests.support.rpm import build
from tests.support.x509 import identity

Target = Callable[[bytes], object]
READ_MOST = 64 * 1024 * 1024
"""What one read of an artifact gives at most (interfaces.artifact)."""


def _reader(data: bytes) -> Callable[[int, int], bytes]:
    def read(offset: int, length: int) -> bytes:
        assert offset >= 0
        assert 0 <= length <= READ_MOST
        return data[offset : offset + length]

    return read


def _rpm(data: bytes) -> object:
    package = rpmfile.read_package(_reader(data), len(data))
    for header in (package.signature, package.main):
        for entry in header.entries:
            header.data(entry)
            for take in (header.strings, header.numbers):
                try:
                    list(take(entry.tag))
                except SignstationError:
                    continue
    return package


def _elf(data: bytes) -> object:
    return elf.modinfo(_reader(data), elf.parse(_reader(data), len(data)))


def _sexp(data: bytes) -> object:
    value = sexp.parse(data)
    assert sexp.build(value) == data
    return value


def _request(data: bytes) -> object:
    value = request.parse_request(data)
    assert request.build_request(value) == data
    return value


def _worker_frames(data: bytes) -> object:
    buffer, found, at = frames.FrameBuffer(), 0, 0
    while at < len(data):
        space = buffer.space()
        count = min(len(space), len(data) - at)
        space[:count] = data[at : at + count]
        at += count
        found += sum(1 for _ in buffer.received(count))
    return found


def _station_frames(data: bytes) -> object:
    buffer, found, at = stationwire.FrameBuffer(), 0, 0
    while at < len(data):
        space = buffer.space()
        count = min(len(space), len(data) - at)
        space[:count] = data[at : at + count]
        del space
        at += count
        found += sum(1 for _ in buffer.received(count))
    return found


def _worker_bodies(data: bytes) -> object:
    if not data:
        return None
    body = data[1:]
    readers: tuple[Target, ...] = (
        wire.take_answers,
        wire.take_use_key,
        wire.take_results,
        lambda each: wire.take_signed(each, 0),
        lambda each: wire.take_asks(wire.Reader(each)),
        lambda each: wire.take_job(wire.Reader(each)),
        lambda each: wire.take_recheck(wire.Reader(each)),
        lambda each: wire.take_digests(each, 2),
    )
    return readers[data[0] % len(readers)](body)


def _der(data: bytes) -> object:
    reader = der.Reader(data)
    for element in reader.all(1000):
        for parse in (der.parse_integer, der.parse_oid, der.parse_time):
            try:
                parse(element)
            except SignstationError:
                continue
    return None


TARGETS: Mapping[str, Target] = {
    "armor": armor.dearmor,
    "certificates": lambda data: list(split_certificates(data)),
    "cms": cms.parse_signed_data,
    "colons": colons.parse_listing,
    "der": _der,
    "elf": _elf,
    "kmod": lambda data: kmod.signatures(_reader(data), len(data)),
    "openpgp": openpgp.parse_signatures,
    "openpgp-keys": lambda data: list(public_keys(data)),
    "pem": lambda data: [each.decode() for each in der.pem_blocks(data, 100)],
    "request": _request,
    "rpm": _rpm,
    "sexp": _sexp,
    "sshkeys": sshkeys.read_key,
    "sshprivate": sshprivate.parse_private,
    "sshsig": sshsig.parse_sshsig,
    "station-frames": _station_frames,
    "worker-bodies": _worker_bodies,
    "worker-frames": _worker_frames,
}
"""By name: reads bytes, and raises nothing but SignstationError."""


def seeds() -> Mapping[str, bytes]:
    """Return a sound (or nearly sound) input by the name of its target, where one helps."""
    owner = identity("p256")
    signed = signed_bytes(owner)
    certificate = shared_certificate().trusted.material
    return {
        "armor": armor.armor(armor.ArmorKind.SIGNATURE, b"some bytes"),
        "certificates": certificate,
        "openpgp-keys": certificate,
        "cms": signed,
        "der": signed,
        "elf": module(),
        "kmod": module() + kmod.append(signed),
        "pem": owner.certificate_pem(),
        "rpm": build(),
        "sexp": b"(7:sig-val(3:rsa(1:s2:xy)))",
        "colons": b"pub:u:256:22:00112233445566AA:1700000000:::u:::scESC:::::ed25519:::0:\n"
        b"fpr:::::::::AB:\nuid:u::::1700000000::CD::A\\x3a <a@example.org>::::::::::0:\n",
        "station-frames": stationwire.pack(stationwire.FrameType.CALL, 7, {"method": "x"}),
        "worker-frames": frames.pack(frames.FrameType.CALL, 7, b'{"method":"x"}'),
        "worker-bodies": b"\0" + wire.put_answers((b"one", b"two")),
        "sshkeys": b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32),
        "sshprivate": b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n"
        b"-----END OPENSSH PRIVATE KEY-----\n",
        "sshsig": b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQ==\n-----END SSH SIGNATURE-----\n",
        "request": b'{"approvals":0}',
    }
