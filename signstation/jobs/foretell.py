"""What a plan will ask of people and machines: prompts, key operations, time, warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signstation.model.keys import KeyFamily, KeyRef, Protection, SignerProfile, Slot
from signstation.model.orders import PlannedPrompt

_START_SECONDS = 0.3
"""Starting workers and opening a key."""
_ITEM_SECONDS = 0.001
"""Journal, staging and recheck of one artifact (measured: 0.9 ms CPU)."""
_BYTES_PER_SECOND = 400e6
"""Reading an artifact three times (sign, stage, recheck), hashed at 1 GB/s each."""
_KEY_SECONDS = {KeyFamily.RSA: 0.003, KeyFamily.ED25519: 0.0005}
"""One operation of a software key (measured: 1.65 to 3.5 ms RSA-4096; 0.3 ms through an agent)."""
_OTHER_KEY_SECONDS = 0.001
_TOKEN_SECONDS = 1.0
"""One operation of a card (RSA-4096 on a YubiKey: about a second)."""
_TOUCH_SECONDS = 2.0
"""Seeing that it blinks, and touching it."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """What will be needed; ``seconds`` without the time that people take."""

    operations: int
    prompts: tuple[PlannedPrompt, ...]
    seconds: float
    warnings: tuple[str, ...]


def foretell(
    profiles: Sequence[SignerProfile], items: Sequence[tuple[int, Sequence[Slot]]]
) -> Foretold:
    """Foretell for artifacts of (size, slots)."""
    uses = Counter(slot.signer.key for _, slots in items for slot in slots)
    used = [profile for profile in profiles if uses[profile.key]]
    key_seconds = sum(uses[profile.key] * _seconds(profile) for profile in used)
    size = sum(size for size, _ in items)
    return Foretold(
        operations=uses.total(),
        prompts=tuple(each for profile in used for each in _prompts(profile, uses[profile.key])),
        seconds=round(
            _START_SECONDS + key_seconds + len(items) * _ITEM_SECONDS + size / _BYTES_PER_SECOND, 1
        ),
        warnings=_warnings(profiles, uses),
    )


def _prompts(profile: SignerProfile, uses: int) -> Iterator[PlannedPrompt]:
    """Passphrase or PIN, once or each time, and every touch."""
    token = profile.token
    if profile.prompts:
        kind = "passphrase" if token is None else "pin"
        yield PlannedPrompt(f"{kind} {profile.key}", uses if token and token.pin_each else 1)
    if token is not None and token.touch:
        yield PlannedPrompt(f"touch {profile.key}", uses)


def _seconds(profile: SignerProfile) -> float:
    if profile.protection in {Protection.TOKEN, Protection.HSM, Protection.REMOTE}:
        by_hand = profile.token is not None and profile.token.touch
        return _TOKEN_SECONDS + (_TOUCH_SECONDS if by_hand else 0)
    return _KEY_SECONDS.get(profile.type.family, _OTHER_KEY_SECONDS)


def _warnings(profiles: Sequence[SignerProfile], uses: Counter[KeyRef]) -> tuple[str, ...]:
    unprotected = [
        f"{profile.key} has no passphrase: whoever can read it can sign"
        for profile in profiles
        if profile.protection is Protection.UNPROTECTED and uses[profile.key]
    ]
    idle = [f"{profile.key} signs nothing here" for profile in profiles if not uses[profile.key]]
    return (*unprotected, *idle)
