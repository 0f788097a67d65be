"""Frozen values of a small release for the window: what a real station answers, written down."""

from __future__ import annotations

from pathlib import Path

from signstation.model.artifacts import (
    ExistingSignature,
    Fact,
    FactSection,
    FactStyle,
    Finding,
    Inspection,
    Severity,
)
from signstation.model.keys import (
    KeyFamily,
    KeyInfo,
    KeyRef,
    KeyState,
    KeyType,
    Protection,
    SignatureType,
)
from signstation.model.station import DoctorRow, Health
from signstation.model.text import Text
from tests.support.windowbase import (
    HOSTILE_NAME,
    MODULE_KEY,
    NOW,
    PRIMARY,
    RELEASE,
    ROOT_KEY,
    STRANGER,
    SUBKEY,
    YEAR,
    digest,
)
from tests.support.windowpackages import hostile, rpm_good, rpm_stranger
from tests.support.windowverdicts import (
    module_good,
    notes_unsigned,
    release,
    tarball_changed,
)

__all__ = [
    "HOSTILE_NAME",
    "MODULE_KEY",
    "NOW",
    "PRIMARY",
    "RELEASE",
    "ROOT_KEY",
    "STRANGER",
    "SUBKEY",
    "YEAR",
    "digest",
    "doctor",
    "hostile",
    "inspections",
    "key_list",
    "module_good",
    "notes_unsigned",
    "release",
    "rpm_good",
    "rpm_stranger",
    "tarball_changed",
]

SCRIPT = "if [ $1 -eq 1 ]; then\n  systemctl preset acme.service\nfi\n"


def inspections() -> tuple[tuple[Path, Inspection], ...]:
    """What is inside the release before it is signed."""
    found = []
    for each in release():
        identity = [
            Fact(Text("Name"), each.title, FactStyle.MONO),
            Fact(Text("Size"), str(each.size), FactStyle.SIZE),
            Fact(Text("SHA-256"), each.sha256.hex(), FactStyle.HEX),
        ]
        sections = [FactSection("identity", Text("Identity"), tuple(identity))]
        findings: tuple[Finding, ...] = ()
        signatures: tuple[ExistingSignature, ...] = ()
        if each.format == "rpm":
            script = Fact(Text("After installation (sh)"), SCRIPT, FactStyle.CODE)
            sections.append(FactSection("scriptlets", Text("Scriptlets"), (script,)))
            if "core" in each.title:
                words = "A file will be installed with the setuid bit: /usr/bin/acme-helper."
                findings = (Finding("rpm.setuid", Severity.WARNING, Text(words)),)
            else:
                kind = Text("OpenPGP header signature (tag 268)")
                signatures = (ExistingSignature(kind, STRANGER[-16:], "RSA-4096", "SHA-256"),)
        found.append(
            (
                Path(each.path),
                Inspection(
                    each.format,
                    each.title,
                    each.size,
                    each.sha256,
                    tuple(sections),
                    findings,
                    signatures,
                ),
            )
        )
    return tuple(found)


LABEL = "Acme Release Signing 2026 <release@acme.example>"
GNUPG = "/home/release/.gnupg"
OPENPGP = (SignatureType.OPENPGP, SignatureType.CLEARTEXT)
RSA_4096 = KeyType(KeyFamily.RSA, 4096)


def key_list() -> tuple[KeyInfo, ...]:
    """Keys of two stores: one of every protection and state that people meet."""
    return (*_gnupg_keys(), *_file_keys())


def _gnupg_keys() -> tuple[KeyInfo, ...]:
    primary = KeyRef("gpg", PRIMARY)
    return (
        KeyInfo(
            primary,
            LABEL,
            KeyType(KeyFamily.ED25519),
            KeyState.ACTIVE,
            Protection.SOFTWARE,
            OPENPGP,
            PRIMARY,
            created=NOW - 318 * 86400,
            expires=NOW + 412 * 86400,
            usages=("certify",),
            location=GNUPG,
        ),
        KeyInfo(
            KeyRef("gpg", SUBKEY),
            LABEL,
            RSA_4096,
            KeyState.ACTIVE,
            Protection.SOFTWARE,
            OPENPGP,
            SUBKEY,
            created=NOW - 318 * 86400,
            expires=NOW + 25 * 86400,
            parent=primary,
            usages=("sign",),
            location=GNUPG,
        ),
        KeyInfo(
            KeyRef("gpg", STRANGER),
            "Acme Release Signing 2024 <release@acme.example>",
            KeyType(KeyFamily.RSA, 3072),
            KeyState.EXPIRED,
            Protection.SOFTWARE,
            OPENPGP,
            STRANGER,
            created=NOW - 3 * YEAR,
            expires=NOW - 40 * 86400,
            usages=("certify", "sign"),
            location=GNUPG,
        ),
    )


def _file_keys() -> tuple[KeyInfo, ...]:
    return (
        KeyInfo(
            KeyRef("file", "/home/release/keys/acme-module-key.pem"),
            "Acme module key 2026",
            RSA_4096,
            KeyState.ACTIVE,
            Protection.UNPROTECTED,
            (SignatureType.CMS,),
            MODULE_KEY,
            created=NOW - 90 * 86400,
            expires=NOW + 97 * 86400,
            usages=("code-signing",),
            location="/home/release/keys/acme-module-key.pem",
        ),
        KeyInfo(
            KeyRef("file", "/home/release/keys/audit.pem"),
            "Acme audit",
            KeyType(KeyFamily.P384, 384),
            KeyState.PUBLIC_ONLY,
            Protection.SOFTWARE,
            (SignatureType.CMS,),
            digest("audit").hex(),
            created=NOW - YEAR,
            usages=("code-signing",),
            location="/home/release/keys/audit.pem",
        ),
    )


def doctor() -> tuple[DoctorRow, ...]:
    """A station in good health with one thing to look at."""
    return (
        DoctorRow(
            "network",
            Health.GOOD,
            Text("Air gap: no network used"),
            Text("No process with network access was started."),
        ),
        DoctorRow(
            "agent",
            Health.GOOD,
            Text("GnuPG agent: ready"),
            Text("gpg-agent 2.2.40 answers."),
        ),
        DoctorRow(
            "sandbox",
            Health.GOOD,
            Text("Parsers are locked in"),
            Text("seccomp, no_new_privs and limits are active in every check process."),
        ),
        DoctorRow(
            "landlock",
            Health.WARNING,
            Text("Landlock: not in this kernel"),
            Text("Parsers are held by seccomp alone."),
            Text("Boot a kernel with Landlock (5.13 or later) for the second wall."),
        ),
        DoctorRow(
            "clock",
            Health.GOOD,
            Text("The clock is plausible"),
            Text("It is later than the build of this program."),
        ),
    )
