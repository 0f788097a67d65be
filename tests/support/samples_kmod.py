"""Samples of kernel modules for the contract of formats."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable, Mapping
from dataclasses import replace

import zstandard

from signstation.codec import kmod
from signstation.codec.cms import AlgorithmId
from signstation.codec.der import integer, set_of
from signstation.model.hashes import HashAlgorithm
from signstation.signatures.cms_algorithms import HASH_OIDS
from tests.support.contract_formats import MakeSample, Ranges, Sample
from tests.support.kmod import Layout, module
from tests.support.x509 import NOW, Identity, Shape, answer, identity, slot, trust

AUTHORITY = identity("p256-ca", Shape(name="CA", authority=True))


def sample(
    owner: Identity,
    hash_algorithm: HashAlgorithm = HashAlgorithm.SHA256,
    anchor: Identity | None = None,
    content: bytes | None = None,
) -> Sample:
    """A module and its signer, trusted by its own certificate or by ``anchor``."""
    data = module() if content is None else content
    return Sample(
        content=data,
        slots=(slot(owner, hash_algorithm),),
        answer=lambda ask: answer(owner, ask),
        trust=trust(anchor or owner),
        time=NOW,
        covered=_covered(hash_algorithm, owner),
        malformed={
            "cut": data[:-5],
            "trailer": data + kmod.append(b"x" * 99)[99:],
            "no-modinfo": data.replace(b".modinfo", b".modxnfo"),
            "executable": module(layout=Layout(type=2)),
        },
    )


def _covered(hash_algorithm: HashAlgorithm, owner: Identity) -> Ranges:
    """Everything but version and list of hashes, hints for readers, and certificates."""
    hints = integer(1) + set_of(AlgorithmId(HASH_OIDS[hash_algorithm]).encode())

    def ranges(content: bytes) -> tuple[range, ...]:
        first = content.index(hints)
        last = first + len(hints)
        for each in owner.chain:
            at = content.find(each)
            if at >= 0:
                last = max(last, at + len(each))
        return (range(first), range(last, len(content)))

    return ranges


def compressed(compress: Callable[[bytes], bytes], covered: Ranges) -> Sample:
    """A module that is signed inside, ``covered`` of the bytes that hold it."""
    plain = sample(identity("rsa2048"))
    data = compress(plain.content)
    return replace(
        plain,
        content=data,
        covered=covered,
        malformed={
            "cut": data[:-5],
            "followed": data + b"\0",
            "two streams": data + data,
            "damaged": data[: len(data) // 2] + b"\xa5" * 20 + data[len(data) // 2 + 20 :],
            "no-modinfo": compress(plain.content.replace(b".modinfo", b".modxnfo")),
            "no module": compress(b"text " * 99),
            "nothing": compress(b""),
        },
    )


def _all(content: bytes) -> tuple[range, ...]:
    """Every byte of an xz stream stands under a check."""
    return (range(len(content)),)


def _checksum(content: bytes) -> tuple[range, ...]:
    """Other streams have bits that mean nothing; their last four bytes are about the content."""
    return (range(4), range(len(content) - 4, len(content)))


def _magic_and_checks(content: bytes) -> tuple[range, ...]:
    """Of gzip: what it is, the check sum and the length; its head has a date and hints."""
    return (range(3), range(len(content) - 8, len(content)))


SAMPLES: Mapping[str, MakeSample] = {
    "xz": lambda: compressed(lzma.compress, _all),
    "zstd": lambda: compressed(zstandard.ZstdCompressor(write_checksum=True).compress, _checksum),
    "gzip": lambda: compressed(lambda data: gzip.compress(data, mtime=1), _magic_and_checks),
    "rsa": lambda: sample(identity("rsa2048")),
    "rsa-sha512": lambda: sample(identity("rsa2048"), HashAlgorithm.SHA512),
    "ecdsa": lambda: sample(identity("p384"), HashAlgorithm.SHA384),
    "issued": lambda: sample(identity("p256", Shape(name="Leaf"), AUTHORITY), anchor=AUTHORITY),
    "big-endian": lambda: sample(
        identity("rsa2048"), content=module(layout=Layout(wide=False, little=False))
    ),
}
