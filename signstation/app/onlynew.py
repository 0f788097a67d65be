"""What the keys of an order have signed already: verified anew, by these keys and no others."""

from __future__ import annotations

from pathlib import Path

from signstation.app.examine import Examiner
from signstation.app.keycases import CERTIFICATES
from signstation.app.trust import TrustSource
from signstation.errors import CertificateMissing
from signstation.interfaces.format import Format
from signstation.interfaces.workers import KeyWorkers
from signstation.jobs.profiles import profiles_of
from signstation.model.checks import Verdict
from signstation.model.keys import SignerProfile
from signstation.model.orders import SignOrder, VerifyOrder
from signstation.model.station import VerifiedPath
from signstation.model.trust import Trust


async def signed_already(
    examiner: Examiner, trust: TrustSource, keys: KeyWorkers, order: SignOrder
) -> frozenset[Path]:
    """Return the files that every key of the order which can sign them has signed, as they are now.

    An expired or weak key, a changed byte or index: then it is not among them. Raises the errors of
    keys, and UsageError where no file was named.
    """
    able: dict[Path, int] = {}
    good: dict[Path, int] = {}
    for profile in await profiles_of(keys, order):
        verdicts: dict[Path, set[Verdict]] = {}

        async def keep(
            result: VerifiedPath,
            profile: SignerProfile = profile,
            verdicts: dict[Path, set[Verdict]] = verdicts,
        ) -> None:
            found = result.verification
            if found is not None and _able(profile, examiner.formats[found.format]):
                verdicts.setdefault(result.path, set()).add(found.verdict)

        anchors = await _anchors(trust, keys, profile)
        await examiner.verify(VerifyOrder(order.paths), keep, everything=True, trust=anchors)
        for path, found in verdicts.items():
            able[path] = able.get(path, 0) + 1
            good[path] = good.get(path, 0) + (found == {Verdict.TRUSTED})
    return frozenset(path for path, count in able.items() if good[path] == count)


def _able(profile: SignerProfile, format_: Format) -> bool:
    return bool(set(profile.signature_types) & set(format_.signature_types))


async def _anchors(trust: TrustSource, keys: KeyWorkers, profile: SignerProfile) -> Trust:
    """Return trust in this key alone; certificates given with the order count as its own."""
    label = str(profile.key)
    materials = [(label, each) for each in profile.x509.chain[:1]] if profile.x509 else []
    try:
        parts = await keys.export(profile.key)
    except CertificateMissing:
        parts = ()
    materials += [(label, part) for suffix, part in parts if suffix in CERTIFICATES]
    return await trust.prepare(materials) if materials else Trust()
