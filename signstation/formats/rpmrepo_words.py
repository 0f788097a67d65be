"""What is said of a repository's indexes and packages, before it is signed and when it is verified.

``{names}`` stands for one name or several.
"""

from __future__ import annotations

from collections.abc import Sequence

from signstation.formats.rpmrepo_read import Fate
from signstation.model.members import FileFate
from signstation.model.text import Text

MAX_NAMED = 5
"""Most files that are named in one sentence; the number of all is told."""

INDEXES = {
    Fate.CHANGED: "An index is not the file that is stated: {names}",
    Fate.INSIDE: "What is inside an index is not what is stated: {names}",
    Fate.MISSING: "An index is not here: {names}",
    Fate.UNREADABLE: "An index cannot be read, or is a link: {names}",
    Fate.OUTSIDE: "An index lies outside the repository: {names}",
    Fate.WEAK: "An index has no digest but MD5 or SHA-1: {names}",
}
"""Of every fate but the good one."""
PACKAGES = {
    FileFate.CHANGED: "A package is not the file that is listed: {names}",
    FileFate.MISSING: "A package is listed, but not here: {names}",
    FileFate.UNREADABLE: "A package cannot be read, or is a link: {names}",
    FileFate.OUTSIDE: "A package lies outside the repository: {names}",
    FileFate.WEAK: "A package is listed with no digest but MD5 or SHA-1: {names}",
    FileFate.MISNAMED: "A package is listed under a name or version that it has not: {names}",
    FileFate.DAMAGED: "A package contradicts itself, or is none: {names}",
}
"""Of every fate but the good one."""
TAMPERED = "Packages that were changed since they were signed: {names}"
DOUBTFUL = "Packages whose own signature is not trusted: {names}. gpgcheck=1 may refuse them."
UNSIGNED = "Packages without a signature: {names}. Clients with gpgcheck=1 refuse them."
SIGN_FIRST = Text(
    "Sign packages first: each signature changes its package, and then the lists have to be made"
    " anew (createrepo_c --update) before repomd.xml is signed."
)
OTHERS = "Files lie beside them that no list names: {names}"
OTHER_KEY = "The key beside it is not the one that signed: {names}"
REPEATED = "More than one index is of type {names}: clients take the one or the other."
NO_PRIMARY = "No index names packages: nothing of a repository would be covered."
OTHER_FORMS = (
    "Some clients read lists in zchunk form or as databases instead: they are as stated, but were"
    " not compared with the XML: {names}"
)


def named(words: str, names: Sequence[str], count: int) -> Text:
    """Fill in the names, the first few of ``count``."""
    more = f" … ({count})" if count > MAX_NAMED else ""
    return Text(words, (("names", ", ".join(names[:MAX_NAMED]) + more),))
