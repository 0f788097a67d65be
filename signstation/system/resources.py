"""Where data files are: inside the installed package, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def resource(*parts: str) -> Path:
    """Return the path of a data file; raise FileNotFoundError where it is missing.

    A wheel carries ``resources`` inside the package; an editable install reads the checkout.
    """
    for base in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        path = base.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError("/".join(("resources", *parts)))
