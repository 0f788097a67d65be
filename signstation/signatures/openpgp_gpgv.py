"""Asks gpgv about OpenPGP signatures and reads its status lines; formats hand in how to run it.

gpgv gets a private keyring of the trusted version 4 certificates (one of version 6 would make it
find no key at all) and is read by its status lines with the full fingerprint (doc/DETAILS of
GnuPG): its exit status is 0 for expired and revoked keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from signstation.errors import ToolMissing, ToolTimedOut
from signstation.model.checks import Opinion, OpinionOutcome
from signstation.model.programs import Completed
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust

GPGV = "gpgv"
MAX_SAYS = 2000
"""Most characters kept of a tool's words."""
V4_DIGITS = 40
"""Hexadecimal digits of a version 4 fingerprint."""
_NUMBER = re.compile(r"\d+(\.\d+)+[a-z]?")
_STATUS = "[GNUPG:] "
_TODAY = Text("gpgv looks at the key as it is today, not as it was when it signed.")
_WEAK = Text("gpgv accepts weak hashes and keys, and signatures from the future.")

Run = Callable[[Sequence[str]], Completed]
"""Runs gpgv with these arguments; raises ToolMissing and ToolTimedOut."""


def ask_gpgv(
    run: Run, directory: Path, trust: Trust, purpose: Purpose, files: Sequence[str]
) -> Opinion:
    """Ask about ``files`` (a signed text, or a signature and its content). Blocks.

    ``directory`` is private; the keyring is written there. A missing or hanging gpgv is an opinion
    too.
    """
    wanted = {Purpose.ANY, purpose}
    trusted = [
        each
        for each in trust.openpgp
        if wanted & set(each.purposes) and len(each.primary.fingerprint) == V4_DIGITS
    ]
    keyring = directory / "trusted.gpg"
    keyring.write_bytes(b"".join(each.material for each in trusted))
    head = ("--homedir", str(directory), "--status-fd", "1", "--keyring", str(keyring), "--")
    try:
        done = run((*head, *files))
        version = _NUMBER.search(_first_line(run(("--version",)).stdout))
    except ToolMissing:
        return Opinion(GPGV, "", (), OpinionOutcome.MISSING, "")
    except ToolTimedOut as error:
        says = f"no answer within {error.seconds} seconds"
        return Opinion(GPGV, "", (), OpinionOutcome.CANNOT, says)
    keys = {key.fingerprint for each in trusted for key in each.keys}
    outcome, note = read_status(done.stdout.decode("utf-8", "replace"), keys)
    says = done.stderr.decode("utf-8", "replace").strip()[:MAX_SAYS]
    return Opinion(GPGV, version.group() if version else "", done.command, outcome, says, note)


def _first_line(output: bytes) -> str:
    return output.decode("utf-8", "replace").partition("\n")[0]


def read_status(output: str, trusted: Iterable[str]) -> tuple[OpinionOutcome, Text | None]:
    """Read gpgv's status lines: it accepts where a trusted key signed well and no signature is bad.

    ``trusted`` are full fingerprints in upper-case hexadecimal, as VALIDSIG names them.
    """
    lines = [line.split() for line in output.splitlines() if line.startswith(_STATUS)]
    said = {fields[1] for fields in lines if len(fields) > 1}
    valid = {fields[2] for fields in lines if fields[1:2] == ["VALIDSIG"] and len(fields) > 2}  # noqa: PLR2004
    if said & {"EXPKEYSIG", "REVKEYSIG"} and "BADSIG" not in said:
        return OpinionOutcome.REJECTS, _TODAY
    if said & {"BADSIG", "EXPSIG"}:
        return OpinionOutcome.REJECTS, None
    if "GOODSIG" in said and valid & set(trusted):
        return OpinionOutcome.ACCEPTS, _WEAK
    if "NO_PUBKEY" in said:
        return OpinionOutcome.UNKNOWN_KEY, None
    return OpinionOutcome.CANNOT, None
