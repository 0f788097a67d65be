"""What making a key will do, and what became of it, in words."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path

from signstation.ceremonies.key_fields import files_of
from signstation.ceremonies.procedure import Effect, EffectKind, Preview, Result
from signstation.errors import KeyNotFound
from signstation.model.artifacts import Fact, FactStyle
from signstation.model.keys import KeyInfo
from signstation.model.orders import GenerateOrder, KeyForm, X509Use
from signstation.model.text import Text, text

DAY = 86400


_PRIVATE = {
    (KeyForm.X509, True): Text(
        "The private key under its passphrase, with the certificate; for you alone"
    ),
    (KeyForm.X509, False): Text(
        "The private key WITHOUT A PASSPHRASE, with the certificate; for you alone"
    ),
    (KeyForm.SSH, True): Text("The private key under its passphrase; for you alone"),
    (KeyForm.SSH, False): Text("The private key WITHOUT A PASSPHRASE; for you alone"),
}
_PUBLIC = {
    KeyForm.X509: (
        Text("The certificate, to give to others"),
        Text("The certificate as DER, as mokutil takes it"),
    ),
    KeyForm.SSH: (Text("The public key, one line of text, to give to others"),),
}


def preview(order: GenerateOrder, gnupg_home: Path, now: int) -> Preview:
    """Say what will happen; ``now`` is Unix seconds."""
    return Preview(
        effects=(*_asked(order), *_written(order, gnupg_home), *_trusted(order, now)),
        undo=Text(
            "Until the public half is given to others, deleting the key undoes all of it. "
            "Afterwards it can only be revoked or run out."
        ),
        command=shlex.join(_command(order)),
    )


def _asked(order: GenerateOrder) -> tuple[Effect, ...]:
    if not order.protect:
        return ()
    return (
        Effect(
            EffectKind.ASK,
            Text("You are asked for a new passphrase, twice. It is written nowhere."),
        ),
    )


def _written(order: GenerateOrder, gnupg_home: Path) -> tuple[Effect, ...]:
    if order.form is KeyForm.OPENPGP:
        home = str(gnupg_home)
        return (
            Effect(EffectKind.MAKE, Text("A primary key that certifies and a subkey that signs")),
            Effect(EffectKind.WRITE, Text("Both become part of GnuPG's home"), home),
            Effect(
                EffectKind.WRITE,
                Text("A certificate that can revoke the key, should it be lost"),
                str(gnupg_home / "openpgp-revocs.d"),
            ),
        )
    words = (_PRIVATE[order.form, order.protect], *_PUBLIC[order.form])
    return (
        *(
            Effect(EffectKind.WRITE, each, file)
            for each, file in zip(words, _files(order), strict=True)
        ),
        Effect(EffectKind.STAY, Text("A file that is there already is never replaced.")),
    )


def _files(order: GenerateOrder) -> tuple[str, ...]:
    found = files_of(order.name, order.form, order.output or Path())
    return tuple(str(each) for each in found)


def _trusted(order: GenerateOrder, now: int) -> tuple[Effect, ...]:
    modules = order.form is KeyForm.X509 and order.usage is X509Use.MODULES
    what = (
        Text("This station trusts the new certificate for kernel modules from now on.")
        if modules
        else Text("This station trusts the new key from now on.")
    )
    if order.form is KeyForm.SSH:
        until = Text("It has no end of its own: only a list of trusted keys can give it one.")
        return (Effect(EffectKind.TRUST, what), Effect(EffectKind.STAY, until))
    until = (
        Text("It lasts without an end.")
        if order.expires is None
        else text("It lasts until {day}.", day=_day(now + order.expires))
    )
    return (Effect(EffectKind.TRUST, what), Effect(EffectKind.STAY, until))


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _command(order: GenerateOrder) -> tuple[str, ...]:
    lasting = "never" if order.expires is None else f"{order.expires // DAY}d"
    x509, ssh = order.form is KeyForm.X509, order.form is KeyForm.SSH
    return (
        *("signstation", "key", "generate", order.form.value, "--name", order.name),
        *("--algorithm", order.algorithm, *(() if ssh else ("--expires", lasting))),
        *(("--usage", order.usage.value) if x509 else ()),
        *("--protect", "passphrase" if order.protect else "none"),
        *(("--output", str(order.output)) if order.output else ()),
    )


def result(order: GenerateOrder, made: tuple[KeyInfo, ...]) -> Result:
    """Say what was made. Raises KeyNotFound where nothing was."""
    whole = next((each for each in made if each.parent is None), None)
    if whole is None:
        raise KeyNotFound(key=order.name)
    lasting = "never" if whole.expires is None else _day(whole.expires)
    files = () if order.form is KeyForm.OPENPGP else _files(order)
    return Result(
        headline=text("{name} is made.", name=whole.label or order.name),
        detail=Text("It was read back, and this station trusts it."),
        facts=(
            Fact(Text("Lies in"), whole.location, FactStyle.MONO),
            *(Fact(Text("To give to others"), each, FactStyle.MONO) for each in files[1:]),
            Fact(Text("Ends"), lasting),
            Fact(Text("On the command line"), f"--key {whole.key}", FactStyle.MONO),
        ),
        advice=_advice(order),
        fingerprint=whole.fingerprint,
        key=whole.key,
    )


def _advice(order: GenerateOrder) -> tuple[Text, ...]:
    first = Text(
        "Write the fingerprint on paper: whoever gets the public half compares it with that."
    )
    if order.form is KeyForm.OPENPGP:
        return (
            first,
            Text("Move the revocation certificate to another medium: it can end this key."),
            Text("Save the public half, and publish it where your users look for it."),
        )
    if order.form is KeyForm.SSH:
        return (
            first,
            Text("Give the .pub file to those who verify, on another way than the files."),
            Text(
                "They write one line into a file in the form of allowed_signers: who it is, then "
                'namespaces="file", then the line of the .pub file.'
            ),
        )
    if order.usage is X509Use.MODULES:
        return (
            first,
            Text("Have the .der enrolled on each machine: mokutil --import, then restart."),
            Text("Sign a module and load it, before you sign all of them."),
        )
    return (first, Text("Give the certificate to those who verify, on another way than the files."))
