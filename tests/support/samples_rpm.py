"""Samples of RPM packages for the contract of formats: every way in which they are signed."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import cache

from signstation.model.hashes import HashAlgorithm
from signstation.model.trust import Trust
from tests.support.contract_formats import MakeSample, Sample
from tests.support.openpgp import shared_certificate
from tests.support.rpm import BINARY, RawEntry, Recipe, build, covered, layout, noticed


def sample(recipe: Recipe, *suites: str, **options: str) -> Sample:
    """A package and its signers."""
    keys = tuple(shared_certificate(each) for each in suites)
    hashes = {"P384": HashAlgorithm.SHA384, "P521": HashAlgorithm.SHA512}
    return Sample(
        content=build(recipe),
        slots=tuple(
            key.slot_with(hashes.get(suite, HashAlgorithm.SHA256))
            for key, suite in zip(keys, suites, strict=True)
        ),
        answer=lambda ask: keys[ask.slot].signer.answer(ask),
        trust=Trust(openpgp=tuple(key.trusted for key in keys)),
        time=1 + max(each.created for key in keys for each in key.trusted.keys),
        options=options,
        covered=covered,
        noticed=noticed,
        malformed=malformed(),
    )


def _patched(content: bytes, offset: int, value: bytes) -> bytes:
    return content[:offset] + value + content[offset + len(value) :]


@cache
def malformed() -> Mapping[str, bytes]:
    """Packages that rpm and signstation refuse, and those that contradict themselves."""
    good = build()
    parts = layout(good)
    store = 96 + 16 + 16 * struct.unpack_from(">I", good, 104)[0]
    number = struct.Struct(">I")
    index = 96 + 16 + 16  # the first entry behind the region
    twice = RawEntry(1099, BINARY, b"x")
    return {
        "empty": b"",
        "lead-only": good[:96],
        "lead-version": _patched(good, 4, b"\x07"),
        "signature-type": _patched(good, 78, b"\0\1"),
        "no-header-magic": _patched(good, 96, b"\0"),
        "tags-huge": _patched(good, 104, b"\xff\xff\xff\xff"),
        "tags-none": _patched(good, 104, bytes(4)),
        "store-huge": _patched(good, 108, b"\x7f\xff\xff\xff"),
        "type-unknown": _patched(good, index + 4, number.pack(153)),
        "tag-too-small": _patched(good, index, number.pack(64)),
        "offset-beyond": _patched(good, index + 8, b"\x7f\xff\xff\xff"),
        "offset-negative": _patched(good, index + 8, b"\xff\xff\xff\xff"),
        "count-huge": _patched(good, index + 12, b"\x7f\xff\xff\xff"),
        "count-zero": _patched(good, index + 12, bytes(4)),
        "overlap": _patched(good, index + 16 + 8, number.pack(1)),
        "string-without-end": _patched(good, store, b"x" * (parts.signature_end - store - 16)),
        "region-missing": _patched(good, parts.main + 16, number.pack(100)),
        "region-trailer": _patched(good, parts.payload - 16, number.pack(62)),
        "region-size": _patched(good, parts.payload - 8, b"\xff\xff\xff\xf0"),
        "main-truncated": good[: parts.payload - 1],
        "payload-changed": _patched(good, parts.payload, b"X"),
        "twice-in-signature": build(
            Recipe(change_signature=lambda found: found.extend((twice, twice)))
        ),
        "twice-in-header": build(Recipe(change_main=lambda found: found.extend((twice, twice)))),
    }


SAMPLES: Mapping[str, MakeSample] = {
    "ed25519": lambda: sample(Recipe(), "Cv25519"),
    "rsa": lambda: sample(Recipe(), "RSA2k"),
    "ecdsa": lambda: sample(Recipe(), "P256"),
    "without-room": lambda: sample(Recipe(reserve=0), "Cv25519"),
    "little-room": lambda: sample(Recipe(reserve=40), "RSA2k"),
    "without-payload-digest": lambda: sample(Recipe(payload_digest=0), "Cv25519"),
    "two-kinds-of-header-signature": lambda: sample(
        Recipe(), "RSA2k", "Cv25519", signatures="header"
    ),
    "several": lambda: sample(Recipe(), "Cv25519", "RSA2k", "P256"),
    "version-6": lambda: sample(Recipe(rpm_format=6), "Cv25519"),
    "version-6-several": lambda: sample(
        Recipe(rpm_format=6), "RSA2k", "Cv25519", signatures="header"
    ),
    "source": lambda: sample(Recipe(source=True), "Cv25519", signatures="rpm6"),
}
