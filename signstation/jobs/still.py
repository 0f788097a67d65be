"""Looks again, right before it is signed, at the files of which an artifact states digests.

The artifact itself is held to the SHA-256 of the plan; what it names may have changed since.
"""

from __future__ import annotations

from signstation.errors import ContentDamaged
from signstation.interfaces.format import Surrounded
from signstation.jobs.engine import Engine
from signstation.jobs.nested import Surveyor, vicinity
from signstation.jobs.sealed import StepPlan
from signstation.jobs.stages import stage_of
from signstation.model.artifacts import Severity
from signstation.model.releases import Stage
from signstation.system.files import shown


async def refuse_changed(engine: Engine, plan: StepPlan, artifact: int) -> None:
    """Raise ContentDamaged where a named file is not as stated any more; it was when planned.

    ``artifact`` is its open descriptor. Raises the errors of workers. Of formats that name no
    files nothing is read.
    """
    format_ = engine.formats[plan.format]
    if stage_of(plan.format) is Stage.PACKAGES or not isinstance(format_, Surrounded):
        return
    where = vicinity(format_, plan.root, plan.name, frozenset({plan.path.name}))
    around = await Surveyor(engine.check, engine.hashes).look(where, artifact, format_)
    seen = await engine.check.inspect(artifact, plan.format, _ignore, around)
    for each in seen.findings:
        if each.severity is Severity.BLOCKER:
            what = f"since the plan: {each.text.english()}"
            raise ContentDamaged(path=shown(plan.path), what=what)


def _ignore(_done: int) -> None:
    """It is small; what it names is what takes the time."""
