"""What is fuzzed: each reader of untrusted bytes, which gives a value or an error of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from signstation.app.methods import Hello, decode, decode_call
from signstation.audit.checkpoint import read_checkpoint
from signstation.codec import (
    ar,
    armor,
    checksums,
    cleartext,
    cms,
    colons,
    compression,
    der,
    elf,
    kmod,
    openpgp,
    repomd,
    repomd_open,
    request,
    rpmfile,
    sexp,
    sshcert,
    sshkeys,
    sshkrl,
    sshprivate,
    sshsig,
    stationwire,
)
from signstation.codec.openpgp_certificates import split_certificates
from signstation.codec.openpgp_keys import public_keys
from signstation.errors import SignstationError
from signstation.model.trust import Origin
from signstation.trust.ssh import is_allowed_signers, prepare_ssh
from signstation.worker import frames, wire

Target = Callable[[bytes], object]
READ_MOST = 64 * 1024 * 1024
"""What one read of an artifact gives at most (interfaces.artifact)."""

MOST_UNPACKED = 1024 * 1024
"""Limit that a compressed input is unpacked with here: each one has to be quick."""


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


def _station_calls(data: bytes) -> object:
    """What a client's frame holds once it is JSON: a greeting or a call with its arguments."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None  # the frames' own reader refuses it
    try:
        return decode_call(value)
    except SignstationError:
        return decode(value, Hello)


def _cleartext(data: bytes) -> object:
    found = cleartext.parse_cleartext(data)
    assert 0 <= found.offset <= found.offset + found.length <= len(data)
    return found


def _checksums(data: bytes) -> object:
    found = checksums.parse_list(data)
    for each in found:
        assert not each.place.startswith("/")
        assert ".." not in each.place.split("/")
    return found


def _compressed(data: bytes) -> object:
    kind = compression.announced(data)
    if kind is None:
        return None
    size = sum(map(len, compression.unpack((data,), kind, MOST_UNPACKED)))
    assert len(compression.beginning(data, kind, 64)) <= 64
    return size, compression.obstacle(data, kind)


def _repomd(data: bytes) -> object:
    found = repomd.parse_repomd(data)
    for each in found.data:
        assert not each.location.place.startswith("/")
        assert ".." not in each.location.place.split("/")
    return found


def _primary(data: bytes) -> object:
    """The list of packages, in whatever compression."""
    found = list(repomd.parse_primary(repomd_open.open_index((data,), MOST_UNPACKED)))
    for each in found:
        assert ".." not in each.location.place.split("/")
        assert each.titles
    return found


def _allowed_signers(data: bytes) -> object:
    return is_allowed_signers(data), prepare_ssh(data, Origin("fuzz"))


def _checkpoint(data: bytes) -> object:
    signed = read_checkpoint(data)
    assert data.startswith(signed.checkpoint.text.encode())
    return signed


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
    "allowed-signers": _allowed_signers,
    "ar": lambda data: ar.members(_reader(data), len(data)),
    "armor": armor.dearmor,
    "certificates": lambda data: list(split_certificates(data)),
    "checkpoint": _checkpoint,
    "checksums": _checksums,
    "cleartext": _cleartext,
    "cms": cms.parse_signed_data,
    "colons": colons.parse_listing,
    "compressed": _compressed,
    "der": _der,
    "elf": _elf,
    "kmod": lambda data: kmod.signatures(_reader(data), len(data)),
    "krl": sshkrl.parse_krl,
    "openpgp": openpgp.parse_signatures,
    "openpgp-keys": lambda data: list(public_keys(data)),
    "pem": lambda data: [each.decode() for each in der.pem_blocks(data, 100)],
    "repomd": _repomd,
    "repomd-primary": _primary,
    "request": _request,
    "rpm": _rpm,
    "sexp": _sexp,
    "sshcert": sshcert.parse_certificate,
    "sshkeys": sshkeys.read_key,
    "sshprivate": sshprivate.parse_private,
    "sshsig": sshsig.parse_sshsig,
    "station-calls": _station_calls,
    "station-frames": _station_frames,
    "worker-bodies": _worker_bodies,
    "worker-frames": _worker_frames,
}
"""By name: reads bytes, and raises nothing but SignstationError."""
