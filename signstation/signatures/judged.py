"""One signature after judgement: its facts and the checks that gave them."""

from __future__ import annotations

from dataclasses import dataclass

from signstation.model.checks import Check, SignatureFacts


@dataclass(frozen=True, slots=True)
class Judged:
    """What a signature type returns for one signature; a format collects many into Verified."""

    facts: SignatureFacts
    checks: tuple[Check, ...]
