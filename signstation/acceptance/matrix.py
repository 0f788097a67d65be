"""What each version of each client makes of a signature: measured answers as data.

Cells: ``A`` accepts, ``W`` accepts with a warning, ``R`` refuses, ``K`` cannot import the key,
``?`` not known. A property is of the key, the hash, the certificate or the signature; the worst
property of a signature decides. The rows were measured on 2026-11-22 with the programs that are
named, or taken from what a client's ``basis`` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType


class Answer(Enum):
    """What a client makes of something, worst last."""

    ACCEPTS = "accepts"
    WARNS = "warns"
    UNKNOWN = "unknown"
    REFUSES = "refuses"


class Family(Enum):
    """Kinds of clients."""

    APT = "apt"
    RPM = "rpm"


class Engine(Enum):
    """What verifies OpenPGP inside a client; its words are in ``MESSAGES``."""

    GPGV = "gpgv"
    GPGV_RULES = "gpgv with apt's rules for keys"
    SQV = "sqv"
    RPM_OWN = "rpm's own parser"
    RPM_SEQUOIA = "rpm-sequoia"


class Basis(Enum):
    """How sure a column is."""

    RUN = "run"  # the program itself was asked
    EMULATED = "emulated"  # another build with the client's published settings was asked
    DERIVED = "derived"  # the column of the same engine
    READ = "read"  # the program's source or its vendor's documents


@dataclass(frozen=True, slots=True)
class Client:
    """A client; ``column`` is that of another client where both were not told apart."""

    id: str
    title: str
    family: Family
    verifier: str
    engine: Engine
    basis: Basis
    column: str


def _client(
    id_: str, title: str, verifier: str, engine: Engine, basis: Basis, column: str = ""
) -> Client:
    rpm = engine in {Engine.RPM_OWN, Engine.RPM_SEQUOIA}
    family = Family.RPM if rpm else Family.APT
    return Client(id_, title, family, verifier, engine, basis, column or id_)


CLIENTS = (
    _client("deb11", "Debian 11", "apt 2.2.4, gpgv 2.2.27", Engine.GPGV, Basis.RUN),
    _client("deb12", "Debian 12", "apt 2.6.1, gpgv 2.2.40", Engine.GPGV, Basis.RUN),
    _client("deb13", "Debian 13", "apt 3.0.3, sqv 1.3.0", Engine.SQV, Basis.RUN),
    _client("deb14", "Debian 14", "apt 3.3.3, sqv 1.5.0", Engine.SQV, Basis.RUN),
    _client(
        "ubuntu22.04", "Ubuntu 22.04", "apt 2.4, gpgv 2.2.27", Engine.GPGV, Basis.DERIVED, "deb12"
    ),
    _client(
        "ubuntu24.04", "Ubuntu 24.04", "apt 2.8.3, gpgv 2.4.4", Engine.GPGV_RULES, Basis.EMULATED
    ),
    _client("el8", "RHEL 8, rebuilds", "rpm 4.14.3", Engine.RPM_OWN, Basis.READ),
    _client("el9", "RHEL 9, rebuilds", "rpm 4.16.1.3", Engine.RPM_OWN, Basis.READ),
    _client("el10", "RHEL 10, rebuilds", "rpm 4.19", Engine.RPM_SEQUOIA, Basis.DERIVED),
    _client(
        "fedora", "Fedora 43, 44", "rpm 6.1, policy DEFAULT", Engine.RPM_SEQUOIA, Basis.EMULATED
    ),
    _client("rpm4.18", "rpm of Debian 12", "rpm 4.18.0", Engine.RPM_OWN, Basis.RUN),
    _client("rpm4.20", "rpm of Debian 13", "rpm 4.20.1", Engine.RPM_SEQUOIA, Basis.RUN),
    _client("rpm6", "rpm of Debian 14", "rpm 6.1.0", Engine.RPM_SEQUOIA, Basis.RUN),
)
"""In the order of the answer's table. dnf asks each rpm for signatures (gpgcheck=1)."""

_APT = """
property|deb11|deb12|deb13|deb14|ubuntu24.04
key.rsa1024|A|A|R|R|W
key.rsa2048|A|A|A|A|A
key.rsa3072|A|A|A|A|A
key.dsa1024|A|A|R|R|R
key.dsa|A|A|R|R|R
key.ed25519|A|A|A|A|A
key.ed25519-algorithm27|R|R|A|A|R
key.ed448|R|R|A|A|R
key.p256|A|A|A|A|A
key.p384|A|A|A|A|A
key.p521|A|A|A|A|R
key.other-curve|A|A|R|R|W
key.v6|R|R|A|A|R
key.mldsa|R|R|R|R|R
hash.md5|R|R|R|R|R
hash.sha1|R|R|R|R|R
hash.ripemd160|R|R|R|R|R
hash.sha224|A|A|R|R|A
signature.v3|A|A|R|R|A
signature.expired|R|R|R|R|R
signature.future|A|A|R|R|A
self.md5|R|R|R|R|R
self.sha1|A|A|R|R|A
binding.sha1|A|A|R|R|A
state.expired-after-signing|R|R|A|A|R
state.signed-after-expiry|R|R|R|R|R
state.revoked|R|R|R|R|R
state.superseded-after-signing|R|R|A|A|R
state.superseded-before-signing|R|R|R|R|R
order.v6-first|R|R|A|A|R
"""
_RPM = """
property|el8|el9|el10|fedora|rpm4.18|rpm4.20|rpm6
key.rsa1024|?|?|K|K|A|K|K
key.rsa2048|A|A|A|A|A|A|A
key.rsa3072|A|A|A|A|A|A|A
key.dsa1024|?|?|K|A|A|K|K
key.dsa|?|?|A|A|A|A|A
key.ed25519|R|?|A|A|A|A|A
key.ed25519-algorithm27|R|K|A|A|K|A|A
key.ed448|R|K|A|A|K|A|A
key.p256|R|K|A|A|K|A|A
key.p384|R|K|A|A|K|A|A
key.p521|R|K|A|A|K|A|A
key.other-curve|R|K|K|K|K|K|K
key.v6|R|R|?|A|R|R|A
key.mldsa|R|R|?|?|R|R|R
hash.md5|?|?|R|R|A|R|R
hash.sha1|A|R|R|A|A|R|R
hash.ripemd160|?|?|R|R|R|R|R
hash.sha224|?|?|A|A|A|A|A
signature.v3|A|A|A|A|A|A|A
signature.expired|?|?|R|R|R|R|R
signature.future|?|?|R|R|A|R|R
self.md5|?|?|K|K|A|K|K
self.sha1|A|R|K|A|A|K|K
binding.sha1|A|R|R|A|A|R|R
state.expired-after-signing|A|A|A|A|A|A|A
state.signed-after-expiry|A|A|R|R|A|R|R
state.revoked|A|A|R|R|A|R|R
state.superseded-after-signing|A|A|A|A|A|A|A
state.superseded-before-signing|A|A|R|R|A|R|R
tag.openpgp|R|R|?|A|R|R|A
"""
_ANSWERS = {
    "A": Answer.ACCEPTS,
    "W": Answer.WARNS,
    "R": Answer.REFUSES,
    "K": Answer.REFUSES,
    "?": Answer.UNKNOWN,
}


def _day(year: int) -> int:
    return int(datetime(year, 2, 1, tzinfo=UTC).timestamp())


DEADLINES: Mapping[str, tuple[int, int]] = {
    # default-sequoia.config of apt 3.0.3 to 3.3.5; a warning begins a year before.
    "self.sha1": (_day(2025), _day(2026)),
    "binding.sha1": (_day(2025), _day(2026)),
    "signature.v3": (_day(2025), _day(2026)),
    "hash.sha224": (_day(2025), _day(2026)),
    "key.rsa2048": (_day(2029), _day(2030)),
}
"""Properties whose answer of apt with sqv depends on today's date: warned from, refused from."""


def _read(table: str) -> Mapping[tuple[str, str], Answer]:
    head, *rows = table.strip().split("\n")
    columns = head.split("|")[1:]
    return {
        (name, column): _ANSWERS[cell]
        for name, *cells in (row.split("|") for row in rows)
        for column, cell in zip(columns, cells, strict=True)
    }


CELLS = MappingProxyType({**_read(_APT), **_read(_RPM)})
"""Answers by property and column."""


def answer(client: Client, name: str, at: int) -> Answer:
    """Return what a client makes of a property at a time (Unix seconds); unlisted ones are good."""
    if client.engine is Engine.SQV and name in DEADLINES:
        warned, refused = DEADLINES[name]
        if at >= refused:
            return Answer.REFUSES
        return Answer.WARNS if at >= warned else Answer.ACCEPTS
    return CELLS.get((name, client.column), Answer.ACCEPTS)
