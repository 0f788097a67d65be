"""Trust files of both kinds together: OpenPGP certificates are read by the real gpg."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from signstation.errors import KeyUnreadable
from signstation.trust.anchors import prepare_trust
from tests.support.gnupg import GnupgHome
from tests.support.tools import PlainToolContext, tool_context
from tests.support.x509 import NOW, identity


@pytest.fixture(scope="module")
def tools() -> Iterator[PlainToolContext]:
    with tool_context(NOW) as context:
        yield context


@pytest.fixture(scope="module")
def exported() -> tuple[str, bytes, bytes]:
    """Fingerprint, armored and binary certificate."""
    with GnupgHome() as home:
        key = home.generate("ed25519")
        binary = home.export(key.primary)
        armored = home.export(key.primary, armor=True)
        return key.primary, armored, binary


def test_armored_and_binary_openpgp_and_pem_are_told_apart(
    exported: tuple[str, bytes, bytes], tools: PlainToolContext
) -> None:
    fingerprint, armored, binary = exported
    owner = identity("p256")
    trust = prepare_trust(
        [("both.asc", owner.certificate_pem() + armored), ("key.gpg", binary)], tools
    )
    assert [each.primary.fingerprint for each in trust.openpgp] == [fingerprint] * 2
    assert [each.origin.source for each in trust.openpgp] == [
        "trust file both.asc",
        "trust file key.gpg",
    ]
    assert [each.der for each in trust.x509] == [owner.der]


def test_a_broken_openpgp_file_is_named(
    exported: tuple[str, bytes, bytes], tools: PlainToolContext
) -> None:
    _, armored, binary = exported
    for content in (binary[:-30], armored[:-100], b"\xff" * 40):
        with pytest.raises(KeyUnreadable) as raised:
            prepare_trust([("broken.gpg", content)], tools)
        assert raised.value.key == "broken.gpg"
