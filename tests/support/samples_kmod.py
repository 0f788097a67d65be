"""Samples of kernel modules for the contract of formats."""

from __future__ import annotations

from collections.abc import Mapping

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


SAMPLES: Mapping[str, MakeSample] = {
    "rsa": lambda: sample(identity("rsa2048")),
    "rsa-sha512": lambda: sample(identity("rsa2048"), HashAlgorithm.SHA512),
    "ecdsa": lambda: sample(identity("p384"), HashAlgorithm.SHA384),
    "issued": lambda: sample(identity("p256", Shape(name="Leaf"), AUTHORITY), anchor=AUTHORITY),
    "big-endian": lambda: sample(
        identity("rsa2048"), content=module(layout=Layout(wide=False, little=False))
    ),
}
