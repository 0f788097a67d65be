"""Samples of repomd.xml for the contract of formats."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType
from signstation.model.members import (
    FoundMember,
    MemberState,
    NamedFiles,
    OpenedMember,
    OpenedState,
    Surroundings,
    Tally,
)
from signstation.model.trust import Trust
from tests.support.contract_formats import MakeSample, Sample
from tests.support.openpgp import shared_certificate
from tests.support.rpmrepo import PACKERS, data, listed, package, primary, repomd

CONTENT = primary([listed("twin", package())])
PACKED = PACKERS["gz"](CONTENT)
PLACE = "repodata/primary.xml.gz"
ENTRY = data("primary", ".gz", CONTENT, PACKED)
GOOD = repomd([ENTRY])
AROUND = Surroundings(
    members=(
        FoundMember(
            PLACE,
            HashAlgorithm.SHA256,
            MemberState.READ,
            hashlib.sha256(PACKED).digest(),
            len(PACKED),
        ),
    ),
    opened=(OpenedMember(PLACE, OpenedState.SAME),),
    files=NamedFiles(1, (Tally("same", 1, ("twin.rpm",)),), (Tally("", 1, ("twin.rpm",)),)),
)
"""What the station finds around GOOD."""


def sample(*suites: str, keys: str = "no", around: Surroundings | None = AROUND) -> Sample:
    """A repomd.xml signed by each key; a key beside it may change without harm."""
    certificates = tuple(shared_certificate(each) for each in suites)
    return Sample(
        content=GOOD,
        slots=tuple(replace(each.slot, kind=SignatureType.OPENPGP) for each in certificates),
        answer=lambda ask: certificates[ask.slot].signer.answer(ask),
        trust=Trust(openpgp=tuple(each.trusted for each in certificates)),
        time=1 + max(key.created for each in certificates for key in each.trusted.keys),
        options={"keys": keys},
        detached=_detached,
        malformed={
            "doctype": GOOD.replace(b"<repomd", b"<!DOCTYPE repomd><repomd", 1),
            "not-closed": GOOD.replace(b"</repomd>", b""),
            "digest": GOOD.replace(b'type="sha256">', b'type="sha256">x', 1),
            "outside": GOOD.replace(b"repodata/primary", b"../repodata/primary"),
            "no-list": repomd([]),
            "two-lists": repomd([ENTRY, ENTRY]),
        },
        surroundings=around,
    )


def _detached(signature: bytes) -> tuple[range, ...]:
    start = signature.find(b"-----BEGIN PGP SIGNATURE-----")
    if start < 0:
        return (range(len(signature)),)
    body = signature.find(b"\n\n", start) + 2
    end = signature.rfind(b"\n=")
    return (range(body, max(end - 4, body + 1)),)


SAMPLES: Mapping[str, MakeSample] = {
    "tree": lambda: sample("Cv25519"),
    "alone": lambda: sample("Cv25519", around=None),
    "keys": lambda: sample("P256", keys="yes"),
    "two-keys": lambda: sample("Cv25519", "P256", keys="yes"),
}
