"""What the audit log is told of signing: whose order it was, which key was asked, how it ended.

Bodies of records are flat: texts and integers only (``codec.plain.canonical``). ``event`` is a
value of ``AuditKind``, ``at`` Unix seconds, ``caller`` and ``key`` are as people read them.
"""

from __future__ import annotations

import pwd
from dataclasses import dataclass

from signstation.errors import SignstationError
from signstation.jobs.commits import Body
from signstation.jobs.rows import StoredStep
from signstation.jobs.sealed import Signing
from signstation.model.asks import ToSign
from signstation.model.audit import AuditKind
from signstation.model.keys import SignerProfile
from signstation.model.station import Caller


@dataclass(frozen=True, slots=True)
class Account:
    """Of one step: who ordered it, which artifact it is, which keys are to sign it."""

    job: int
    step: int
    caller: str
    path: str
    sha256: str  # hex; empty where it is only learnt in the signing pass
    keys: tuple[str, ...]

    def record(self, kind: AuditKind, at: int, **facts: str | int) -> Body:
        """Return the body of a record about this step's artifact."""
        known = {"sha256": self.sha256} if self.sha256 else {}
        return {
            "event": kind.value,
            "at": at,
            "job": self.job,
            "step": self.step,
            "caller": self.caller,
            "path": self.path,
            **known,
            **facts,
        }

    def key_use(self, at: int, signer: SignerProfile, ask: ToSign, *, in_memory: bool) -> Body:
        """Tell that a key is about to be asked; ``asked`` is the hash of what it is to sign.

        ``spki_sha256`` names the key whatever its store calls it. ``in_memory``: the private key
        lies in a worker's memory, so that no device or agent is asked any more.
        """
        return self.record(
            AuditKind.KEY_USE,
            at,
            key=str(signer.key),
            spki_sha256=signer.spki_sha256.hex(),
            scheme=ask.scheme.value,
            asked=ask.hash().value.hex(),
            held="in memory" if in_memory else "in its store",
        )

    def failure(self, at: int, error: SignstationError) -> Body:
        """Tell that the step ended without a result."""
        return self.record(AuditKind.REFUSAL, at, key=joined(self.keys), code=error.code)


def account_of(job: int, caller: str, signing: Signing, step: StoredStep) -> Account:
    """Return the account of a step of a sealed order; ``caller`` as ``who`` names him."""
    item = signing.request.items[step.ordinal]
    signers = dict.fromkeys(slot.signer for slot in item.slots)
    return Account(
        job=job,
        step=step.id,
        caller=caller,
        path=storable(str(step.plan.path)),
        sha256=item.sha256,
        keys=tuple(str(signing.profiles[each].key) for each in signers),
    )


def who(caller: Caller) -> str:
    """Name a caller: what the system calls the user now, the number that stays, the surface."""
    try:
        name = pwd.getpwuid(caller.uid).pw_name
    except KeyError:
        name = "user"
    return f"{name} (uid {caller.uid}), {storable(caller.surface)}"


def joined(keys: tuple[str, ...]) -> str:
    """Return keys as one text, in their order."""
    return ", ".join(storable(each) for each in keys)


def storable(text: str) -> str:
    """Return text that has a UTF-8 form: half surrogates become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
