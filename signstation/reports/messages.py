"""Errors in words: what happened, why, what it did to the files, and what to do.

Every error code has one entry; a test sees to it that no code and no field is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signstation.errors import Effect, SignstationError
from signstation.model.text import Text


@dataclass(frozen=True, slots=True)
class Words:
    """Templates of one error code; places are the error's field names."""

    what: str
    why: str = ""
    do: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """An error for people, in the five parts less the details."""

    code: str
    what: Text
    why: Text | None
    effect: Text
    do: tuple[Text, ...]


EFFECTS: Mapping[Effect, str] = {
    Effect.UNCHANGED: "Nothing was signed and no file was changed.",
    Effect.STAGED_ONLY: "Originals and output files are unchanged; a private copy was discarded.",
    Effect.UNKNOWN: "A key may have been used; the job's details list what is known.",
}

_RETRY = "Try again."

MESSAGES: Mapping[str, Words] = {
    "error": Words("Something went wrong."),
    "cancelled": Words("Stopped, as asked.", do=("Retry the job when you are ready.",)),
    "cancel-refused": Words(
        "Job {job} can no longer be cancelled.",
        "Its results are being written to their final place.",
        ("Wait a moment; then delete the results if you do not want them.",),
    ),
    "usage": Words("This order cannot be carried out.", "{reason}.", ("Look at --help.",)),
    "input": Words("{path} cannot be used."),
    "input.missing": Words("{path} does not exist.", do=("Check the name.",)),
    "input.unreadable": Words("{path} cannot be read.", "{reason}.", ("Check the permissions.",)),
    "input.not-regular": Words(
        "{path} is not a regular file.",
        "It is a {kind}; only regular files and directories are signed.",
        ("Name the file itself.",),
    ),
    "input.leaves-tree": Words(
        "{path} leads out of the chosen directory.",
        "A symbolic link or “..” in it points elsewhere.",
        ("Name the real file, or copy it into the directory.",),
    ),
    "input.name-refused": Words(
        "The name {path} is refused.",
        "It has control, text-direction or undecodable characters, which can disguise a name.",
        ("Rename the file.",),
    ),
    "input.malformed": Words(
        "{path} is not a well-formed file of type {format}.",
        "At byte {offset}: expected {expected}, found {found}.",
        ("Get the file again from where it was built.",),
    ),
    "input.format-unknown": Words(
        "No format recognises the content of {path}.",
        do=("Sign it as any file: --as blob.",),
    ),
    "input.compressed-module": Words(
        "{path} is a kernel module that was compressed twice.",
        "What {compression} holds is compressed again; no kernel loads that.",
        ("Decompress it once.",),
    ),
    "input.already-signed": Words(
        "{path} is already signed.",
        "The option “refuse signed files” is set.",
        ("Choose --existing replace or --existing keep.",),
    ),
    "input.changed": Words(
        "{path} changed after it was inspected.",
        "Its SHA-256 is now {found}; it was {expected}.",
        ("Find out who changed it, then begin again with the inspection.",),
    ),
    "input.damaged": Words(
        "{path} contradicts itself and is not signed.",
        "{what} does not fit its bytes.",
        ("Get the file again from where it was built.",),
    ),
    "backup.damaged": Words(
        "The backup {path} is damaged and was not taken.",
        "{what}.",
        ("Use another copy of the backup.",),
    ),
    "backup.passphrase-wrong": Words(
        "The passphrase does not open the backup {path}.",
        do=("Enter it again.", "Use another copy of the backup."),
    ),
    "backup.state-exists": Words(
        "There is a station's state in {path} already.",
        do=("Choose an empty SIGNSTATION_HOME, or have it kept beside with --replace.",),
    ),
    "output.exists": Words(
        "The target {path} exists already.",
        do=("Choose another --output directory, or allow it with --replace.",),
    ),
    "output.clash": Words(
        "Two artifacts would be written to {path}.",
        do=("Sign them one after the other into different directories.",),
    ),
    "output.hard-linked": Words(
        "{path} has {links} hard links and is not signed in place.",
        "Signing would change or split the other names of the same file.",
        ("Sign into a directory with --output.",),
    ),
    "output.recheck-failed": Words(
        "The signed copy of {path} did not pass signstation's own check and was not published.",
        "{reason}.",
        ("Please report this: it is a fault of signstation or of the key's device.",),
    ),
    "key": Words("The key {key} cannot be used."),
    "key.not-found": Words("There is no key {key}.", do=("List the keys: signstation key list.",)),
    "key.ambiguous": Words("{key} fits {count} keys.", do=("Name one by its full fingerprint.",)),
    "key.changed": Words(
        "The key behind {key} is not the one that was planned.",
        "Its public half has the SHA-256 {found}; planned was {expected}.",
        ("Begin again with the plan and compare the fingerprint.",),
    ),
    "key.unreadable": Words("The key {key} cannot be read.", "{reason}."),
    "key.unusable": Words(
        "The key {key} may not sign.", "{reason}.", ("Choose another key, or renew this one.",)
    ),
    "key.scheme-unsupported": Words(
        "The key {key} cannot make this signature: {scheme}.",
        do=("Choose another signature type, hash or key.",),
    ),
    "key.certificate-missing": Words(
        "The key {key} has no {kind} certificate.",
        "The signature would name nobody.",
        ("Give the certificate with --cert.",),
    ),
    "key.certificate-mismatch": Words(
        "The certificate does not belong to the key {key}.",
        do=("Give the certificate that was made for this key.",),
    ),
    "key.passphrase-wrong": Words(
        "The passphrase or PIN of {key} was wrong.",
        "Tries left: {tries_left}.",
        ("Enter it again.", "Use another key."),
    ),
    "key.pin-locked": Words(
        "The PIN of the token {token} is locked.",
        "Too many wrong PINs were entered; {key} cannot sign until it is unlocked.",
        ("Unlock it with the tool of its maker.", "Use another key."),
    ),
    "key.token-missing": Words(
        "The token {token} is not there.",
        "The key {key} is on it.",
        (
            "Plug it in or switch it on.",
            "Try again.",
            "See which tokens are there: signstation key list.",
        ),
    ),
    "key.token-failed": Words(
        "The token of {key} failed.",
        "{reason}.",
        ("Look whether it is plugged in and has power.", "Try again.", "Use another key."),
    ),
    "key.touch-missing": Words(
        "The token {token} did not sign with {key}.",
        "It waited for a touch that did not come, or it refused by itself.",
        ("Touch it while it blinks.", _RETRY),
    ),
    "key.secret-missing": Words(
        "Nobody could be asked for: {prompt} ({key}).",
        "There is no terminal, or --secret-fd had too few lines.",
        ("Run it in a terminal, or give one line per prompt with --secret-fd.",),
    ),
    "key.agent-missing": Words(
        "The agent for {key} cannot be reached.",
        "{reason}.",
        ("Start it (gpgconf --launch gpg-agent) and retry.",),
    ),
    "key.store-failed": Words(
        "The key store of {key} refused.", "It says: {reason} (error {number}).", (_RETRY,)
    ),
    "key.store-unknown": Words(
        "{key} names no key store.",
        do=("Begin the key with gpg: or file:, as `signstation key list` prints it.",),
    ),
    "key.guard-refused": Words(
        "The key process refused a signature with {key}.",
        "It is not part of the sealed request: {reason}.",
        ("Treat the artifact as hostile and report this.",),
    ),
    "tool": Words("The program {program} cannot be used."),
    "tool.missing": Words(
        "The program {program} is not installed.",
        do=("Install the package {package}.",),
    ),
    "tool.failed": Words(
        "The program {program} failed with status {exit_status}.", "It says: {output}"
    ),
    "tool.timed-out": Words(
        "The program {program} did not end within {seconds} seconds.", do=(_RETRY,)
    ),
    "policy": Words("The policy does not allow this."),
    "policy.refused": Words(
        "It may not be signed as it is.",
        "{reason} (rule {rule})",
        ("Mend what is named, then sign it.",),
    ),
    "policy.time-refused": Words(
        "The signing time is too far from this machine's clock.",
        "Asked for: {signing_time}; the clock says {clock} (Unix seconds).",
        ("Set the clock, or give a time within the policy's bounds.",),
    ),
    "policy.offline": Words(
        "The station is in air-gap mode and used no network.", "Asked for: {what}."
    ),
    "host": Words("This machine got in the way."),
    "host.disk-full": Words(
        "There is no space left at {path}.", do=("Make room, then retry the job.",)
    ),
    "host.not-writable": Words(
        "{path} cannot be written.", "{reason}.", ("Choose another --output directory.",)
    ),
    "host.store-locked": Words(
        "Another process owns the state directory {path} and does not answer.",
        do=("End it, or use another directory with SIGNSTATION_HOME.",),
    ),
    "host.store-too-new": Words(
        "The journal was written by a newer signstation.",
        "Its layout is {found}; this version knows {known}.",
        ("Use the newer version.",),
    ),
    "host.store-damaged": Words("The journal contradicts itself.", "{reason}."),
    "host.replay-diverged": Words(
        "Step {step} would now sign something else than before the interruption.",
        "The artifact or its options changed in between.",
        ("Begin again with a new order.",),
    ),
    "host.interrupted": Words(
        "The job was interrupted before this artifact was finished.",
        "{unknown} of its signatures may have been made without being recorded.",
        ("Resume the job: signstation job resume.", "Cancel it: signstation job cancel."),
    ),
    "host.worker-died": Words(
        "A {kind} process ended unexpectedly.",
        "Signal {signal}, exit status {exit_status}. A new one was started.",
        ("Retry the artifact; if it happens again, treat the file as hostile.",),
    ),
    "host.worker-hung": Words(
        "A {kind} process did not answer for {seconds} seconds and was ended.", do=(_RETRY,)
    ),
    "host.limit": Words("A limit was reached: {what}.", "The limit is {limit}."),
    "host.protocol": Words("A process broke the protocol.", "{reason}.", (_RETRY,)),
    "internal": Words(
        "Internal error {id}.",
        "This is a fault in signstation; the log has its details.",
        ("Report it with the id.",),
    ),
}


def explain(error: SignstationError) -> Message:
    """Return the message of an error; values are untrusted until ``words.sentence`` shows them."""
    words = MESSAGES.get(error.code, MESSAGES["internal"])
    values = tuple(sorted((name, _value(value)) for name, value in error.values().items()))
    return Message(
        code=error.code,
        what=Text(words.what, values),
        why=Text(words.why, values) if words.why else None,
        effect=Text(EFFECTS[error.effect]),
        do=tuple(Text(each, values) for each in words.do),
    )


def _value(value: object) -> str:
    return "not counted" if value is None else str(value) or "—"
