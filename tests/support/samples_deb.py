"""Samples of Debian packages for the contract of formats."""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from functools import cache

from signstation.model.hashes import HashAlgorithm
from signstation.model.trust import Trust
from tests.support.contract_formats import MakeSample, Sample
from tests.support.deb import CONTROL, Entry, Recipe, archive, build, member, parts, spans, tar
from tests.support.openpgp import shared_certificate


def sample(recipe: Recipe, suite: str, **options: str) -> Sample:
    """A package and its signer."""
    key = shared_certificate(suite)
    hashes = {"P384": HashAlgorithm.SHA384}
    return Sample(
        content=build(recipe),
        slots=(key.slot_with(hashes.get(suite, HashAlgorithm.SHA256)),),
        answer=key.signer.answer,
        trust=Trust(openpgp=(key.trusted,)),
        time=1 + max(each.created for each in key.trusted.keys),
        options=options,
        covered=_covered,
        malformed=malformed(),
    )


def _covered(content: bytes) -> tuple[range, ...]:
    """The three members, their names and sizes, and the signature without its key id."""
    found = spans(content)
    three = [found[name] for name in found if not name.startswith("_")]
    heads = [range(each.start - 12, each.start) for each in three]
    return (range(8), *three, *heads)


@cache
def malformed() -> Mapping[str, bytes]:
    """Packages that are refused, also those that dpkg or debsig-verify would take."""
    good = build()
    version, control, data = parts()
    bare = parts(Recipe(packed=""))
    moved = bare[1][1][:-512], bare[1][1][-512:] + bare[2][1]
    escaping = [Entry("./control", CONTROL.encode()), Entry("../x")]
    return {
        "magic": b"!<arch>\r" + good[8:],
        "no-members": good[:8],
        "one-member": archive([version]),
        "two-members": archive([version, control]),
        "order": archive([version, data, control]),
        "version": archive([("debian-binary", b"3.0\n"), control, data]),
        "cut": good[:-7],
        "garbage": good + b"x",
        "size-sign": good.replace(b"4         `", b"+4        `"),
        "size-huge": good.replace(b"4         `", b"9999999999`"),
        "long-name": archive([version]) + member("#1/20", b"x" * 20) + good[80:],
        "duplicate-data": archive([version, control, data, data]),
        "second-control": archive([version, control, data, ("control.tar", bare[1][1])]),
        "unknown-member": archive([version, control, data, ("extra", b"x")]),
        "not-xz": archive([version, (control[0], b"x" * 100), data]),
        "xz-tail": archive([version, (control[0], control[1] + b"xxxx"), data]),
        "bomb": archive([version, (control[0], lzma.compress(bytes(64 << 20))), data]),
        "no-control": archive([version, (bare[1][0], tar([Entry("./other")])), bare[2]]),
        "moved-limit": archive([version, (bare[1][0], moved[0][:-10000]), (bare[2][0], moved[1])]),
        "path": archive([version, ("control.tar", tar(escaping)), data]),
    }


SAMPLES: Mapping[str, MakeSample] = {
    "xz": lambda: sample(Recipe(), "Cv25519"),
    "gz-rsa": lambda: sample(Recipe(packed=".gz"), "RSA2k"),
    "zst": lambda: sample(Recipe(packed=".zst"), "P384", role="maint"),
    "bare": lambda: sample(Recipe(packed=""), "Cv25519", role="archive"),
}
