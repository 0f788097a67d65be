"""CMS signatures for tests: made by our writer with software keys, judged in one call."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest

from signstation.codec.cms import SignedData, parse_signed_data
from signstation.model.asks import Part, Range
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Slot
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.cms_rules import FILE_RULES, CmsRules
from signstation.signatures.cms_sign import sign_cms
from signstation.signatures.cms_verify import digest_algorithm, judge_cms
from signstation.signatures.judged import Judged
from tests.support.x509 import DAY, NOW, Identity, Shape, answer, identity, slot

CONTENT = b"content" * 50
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
ROOT = identity("p256-root", Shape(name="Root", authority=True, not_after=NOW + 300 * DAY))
LEAF = identity("p256", Shape(name="Leaf"), ROOT)


@dataclass(frozen=True)
class Made:
    """How a signature is made."""

    attributes: bool = True
    certificates: bool = True
    hash: HashAlgorithm = HashAlgorithm.SHA256
    time: int = NOW


def signed_bytes(owner: Identity, made: Made | None = None, chosen: Slot | None = None) -> bytes:
    """Sign CONTENT; return the ContentInfo."""
    made = made or Made()
    chosen = chosen or slot(owner, made.hash)
    signing = sign_cms(
        0,
        chosen,
        hashlib.new(chosen.hash.value, CONTENT),
        part=Part.FILE,
        covers=(Range(0, len(CONTENT)),),
        attributes=made.attributes,
        certificates=made.certificates,
        time=made.time,
    )
    (ask,) = next(signing)
    with pytest.raises(StopIteration) as stopped:
        signing.send((answer(owner, ask),))
    signature: bytes = stopped.value.value
    return signature


def signed_data(
    owner: Identity, made: Made | None = None, chosen: Slot | None = None
) -> SignedData:
    """Sign CONTENT; return it parsed."""
    return parse_signed_data(signed_bytes(owner, made, chosen))


def judge(
    signed: SignedData,
    anchors: Trust,
    rules: CmsRules = FILE_RULES,
    content: bytes = CONTENT,
    at: int = NOW,
) -> Judged:
    """Judge the only signer."""
    (signer,) = signed.signers
    named = digest_algorithm(signer)
    purpose = Purpose.FILES if rules is FILE_RULES else Purpose.KERNEL_MODULES
    return judge_cms(
        signed,
        signer,
        index=0,
        place=Text("beside the file"),
        state=None if named is None else hashlib.new(named.value, content, usedforsecurity=False),
        content=content,
        trust=anchors,
        purpose=purpose,
        at=at,
        sufficient=True,
        covers=(Range(0, len(content)),),
        code="test.signature",
        rules=rules,
    )


def reasons_of(judged: Judged) -> str:
    """All reasons in one text."""
    return " ".join(each.english() for each in judged.facts.reasons)


def bare(owner: Identity) -> SignedData:
    """As in a module: no attributes, no certificate."""
    return signed_data(owner, Made(attributes=False, certificates=False))
