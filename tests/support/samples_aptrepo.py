"""Samples of Release files for the contract of formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from signstation.model.keys import SignatureType
from signstation.model.trust import Trust
from tests.support.aptrepo import Repository
from tests.support.contract_formats import MakeSample, Sample
from tests.support.openpgp import shared_certificate


def sample(*kinds: SignatureType, suites: tuple[str, ...] = ("Cv25519",), **options: str) -> Sample:
    """A Release file signed by each key in each way."""
    keys = tuple(shared_certificate(each) for each in suites)
    signers = [(key, kind) for key in keys for kind in kinds]
    time = 1 + max(each.created for key in keys for each in key.trusted.keys)
    good = Repository(date=time - 60, until=time + 86400).release()
    return Sample(
        content=good,
        slots=tuple(replace(key.slot, kind=kind) for key, kind in signers),
        answer=lambda ask: signers[ask.slot][0].signer.answer(ask),
        trust=Trust(openpgp=tuple(key.trusted for key in keys)),
        time=time,
        options=options,
        # of a text in the clear neither line ends nor blanks at their ends are covered
        detached=_detached,
        malformed={
            "twice": good.replace(b"Label: Example", b"Origin: Other"),
            "no-colon": good.replace(b"Label: Example", b"Label Example"),
            "digest": good.replace(b"SHA256:\n ", b"SHA256:\n 0"),
            "sizes": good.replace(b"       80 main", b"       81 main", 1)
            if b"       80 main" in good
            else good.replace(b"MD5Sum:\n ", b"MD5Sum:\n x"),
        },
    )


def _detached(signature: bytes) -> tuple[range, ...]:
    start = signature.find(b"-----BEGIN PGP SIGNATURE-----")
    body = signature.find(b"\n\n", start) + 2
    end = signature.rfind(b"\n=")
    return (range(body, max(end - 4, body + 1)),)


SAMPLES: Mapping[str, MakeSample] = {
    "both": lambda: sample(SignatureType.CLEARTEXT, SignatureType.OPENPGP),
    "inrelease": lambda: sample(SignatureType.CLEARTEXT),
    "release-gpg": lambda: sample(SignatureType.OPENPGP),
    "dated": lambda: sample(
        SignatureType.CLEARTEXT, SignatureType.OPENPGP, date="now", valid_for="7"
    ),
    "two-keys": lambda: sample(
        SignatureType.CLEARTEXT, SignatureType.OPENPGP, suites=("Cv25519", "P256")
    ),
}
