"""Sealed plans without files, and the journal looked at from outside."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from signstation.codec.request import build_request
from signstation.jobs.draft import profile_sha256
from signstation.jobs.sealed import SealedPlan, Signing, StepPlan, Target
from signstation.model.keys import (
    KeyFamily,
    KeyRef,
    KeyType,
    Protection,
    Scheme,
    SignerProfile,
)
from signstation.model.orders import PlanSummary
from signstation.model.requests import (
    VERSION,
    OutputMode,
    Request,
    RequestItem,
    RequestSigner,
    RequestSlot,
)
from signstation.model.station import Caller

PROFILE = SignerProfile(
    key=KeyRef("file", "/keys/a.pem"),
    label="a",
    type=KeyType(KeyFamily.RSA, 2048),
    spki=b"spki",
    protection=Protection.UNPROTECTED,
    schemes=(Scheme.RSA_PKCS1_SHA256,),
)
ECDSA = SignerProfile(
    key=KeyRef("file", "/keys/b.pem"),
    label="b",
    type=KeyType(KeyFamily.P256, 256),
    spki=b"other",
    protection=Protection.SOFTWARE,
    schemes=(Scheme.ECDSA_SHA256,),
)


def sealed_plan(
    count: int = 2, profile: SignerProfile = PROFILE, root: Path = Path("/in")
) -> SealedPlan:
    """Make a plan of ``count`` files that nobody has ever seen."""
    names = [f"sub/{number}.ko" for number in range(count)]
    slot = RequestSlot(0, "cms", profile.schemes[0].value, "sha256")
    request = Request(
        version=VERSION,
        nonce="0" * 32,
        created=1,
        not_after=2,
        signing_time=1,
        seed="1" * 32,
        requester="uid 0",
        purpose="",
        policy_sha256="0" * 64,
        approvals=0,
        signers=(
            RequestSigner(str(profile.key), profile.spki_sha256.hex(), profile_sha256(profile)),
        ),
        items=tuple(
            RequestItem(
                name=name,
                format="kmod",
                rules=1,
                size=10,
                sha256="a" * 64,
                options=(),
                facts=(),
                slots=(slot,),
                output_mode=OutputMode.DIRECTORY,
                output=name,
            )
            for name in names
        ),
    )
    data = build_request(request)
    steps = tuple(
        StepPlan(
            root=root,
            name=name,
            title=name,
            format="kmod",
            size=10,
            target_root=root / "signed",
            targets=(Target("", name),),
            staging=root / "signed/.signstation-1",
        )
        for name in names
    )
    caller = Caller(uid=0, pid=1, surface="test", gnupg_home=Path("/gnupg"))
    summary = PlanSummary(hashlib.sha256(data).hexdigest(), (), (), (), count)
    return SealedPlan("a title", Signing(request, data, (profile,), caller, False), steps, summary)


@dataclass(frozen=True)
class AuditRow:
    """One row of the audit table."""

    event: str
    body: dict[str, object]


def audit(path: Path) -> list[AuditRow]:
    """Return the audit rows, having checked that the chain is intact."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT body, previous, hash FROM audit ORDER BY id").fetchall()
    connection.close()
    head = bytes(32)
    found = []
    for body, previous, digest in rows:
        assert previous == head
        assert digest == hashlib.sha256(head + body.encode()).digest()
        head = digest
        found.append(AuditRow(json.loads(body)["event"], json.loads(body)))
    return found


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    """Ask the database from outside."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()
