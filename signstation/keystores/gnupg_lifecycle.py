"""Making and importing OpenPGP keys with gpg itself; secrets go through a pipe, never argv.

python-gnupg is not used here: it starts gpg on its own, with the caller's environment and through
PATH, where our rule is one place that starts programs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

from signstation.errors import (
    KeyUnreadable,
    LimitReached,
    UsageError,
)
from signstation.interfaces.context import KeyContext
from signstation.keystores.gnupg_agent import Agent
from signstation.keystores.gnupg_home import MAX_NAMES, STORE, Home, failed
from signstation.keystores.gnupg_keys import infos, keys_of
from signstation.model.keys import KeyInfo, KeyState
from signstation.model.orders import GenerateOrder
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.text import text

MAX_MATERIAL = 16 * 1024 * 1024
"""Most bytes of keys to import: a distribution's whole keyring has 5 MB."""
MAX_NAME = 255
"""Most bytes of a user id that is made here; gpg itself stops at 2,048 (g10/packet.h)."""
MAX_PASSPHRASE = 255
"""Most bytes of a passphrase (gpg-agent, MAX_PASSPHRASE_LEN)."""

_ALGORITHMS = {
    "ed25519": ("EDDSA", "Curve: ed25519"),
    "rsa3072": ("RSA", "Length: 3072"),
    "rsa4096": ("RSA", "Length: 4096"),
    "p256": ("ECDSA", "Curve: nistp256"),
    "p384": ("ECDSA", "Curve: nistp384"),
    "p521": ("ECDSA", "Curve: nistp521"),
}
"""Names for ``--algorithm``, and what gpg's unattended key generation calls them."""
_DEFAULT = "ed25519"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CREATED = re.compile(rb"^\[GNUPG:\] KEY_CREATED B ([0-9A-F]{40,64})\b", re.MULTILINE)
_IMPORTED = re.compile(rb"^\[GNUPG:\] IMPORT_OK \d+ ([0-9A-F]{40,64})\b", re.MULTILINE)


def generate(order: GenerateOrder, ctx: KeyContext) -> Sequence[KeyInfo]:
    """Make a certify-only primary key with a signing subkey; both expire at the same time.

    Blocks for seconds with RSA. gpg trusts the key ultimately and keeps a revocation certificate in
    ``openpgp-revocs.d``. Raises UsageError for a name, algorithm or passphrase that cannot be,
    Cancelled, SecretMissing, AgentMissing, NotWritable, ToolFailed.
    """
    parameters = _parameters(order)
    home = Home.of(ctx)
    with _passphrase(order, ctx) as (options, descriptors):
        home.prepare()
        done = home.gpg((*options, "--generate-key"), stdin=parameters, descriptors=descriptors)
    found = _CREATED.search(done.stderr)
    if done.status != 0 or found is None:
        raise failed(done)
    made = _infos(home, {found[1].decode()}, ctx.time)
    # the context's clock may have been read before the key was made
    return tuple(replace(each, state=KeyState.ACTIVE) for each in made)


def _parameters(order: GenerateOrder) -> bytes:
    """Write gpg's parameter file (doc/DETAILS, "Unattended key generation")."""
    wanted = order.algorithm.lower().replace("-", "").replace("nistp", "p") or _DEFAULT
    if wanted not in _ALGORITHMS:
        known = ", ".join(_ALGORITHMS)
        raise UsageError(reason=f"no OpenPGP algorithm {order.algorithm}: choose one of {known}")
    name = order.name.strip()
    if not name or _CONTROL.search(name) or len(name.encode()) > MAX_NAME:
        raise UsageError(reason=f"a user id is one line of 1 to {MAX_NAME} bytes")
    if order.expires is not None and order.expires <= 0:
        raise UsageError(reason="the key would have expired before it is made")
    algorithm, size = _ALGORITHMS[wanted]
    lines = (
        *(f"Key-Type: {algorithm}", f"Key-{size}", "Key-Usage: cert"),
        *(f"Subkey-Type: {algorithm}", f"Subkey-{size}", "Subkey-Usage: sign"),
        f"Name-Real: {name}",  # gpg takes a whole user id, address and all
        f"Expire-Date: {'0' if order.expires is None else f'seconds={order.expires}'}",
        *(() if order.protect else ("%no-protection",)),
        "%commit\n",
    )
    return "\n".join(lines).encode()


@contextmanager
def _passphrase(
    order: GenerateOrder, ctx: KeyContext
) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Ask for the new passphrase; give gpg's options and the descriptor that it reads."""
    if not order.protect:
        yield ("--pinentry-mode", "loopback"), ()
        return
    secret = ctx.ask(
        Prompt(
            id=uuid4().hex,
            kind=PromptKind.NEW_PASSPHRASE,
            name=f"new passphrase {STORE}",
            title=text("Passphrase for the new key {name}", name=order.name),
            body=text("It protects the private keys in {home}.", home=str(Home.of(ctx).directory)),
        )
    )
    read, write = os.pipe2(os.O_CLOEXEC)
    try:
        try:
            with secret.open() as plain:
                if not 0 < len(plain) <= MAX_PASSPHRASE or b"\n" in plain:
                    raise UsageError(
                        reason=f"a passphrase is one line of 1 to {MAX_PASSPHRASE} bytes"
                    )
                os.write(write, plain)  # less than a pipe holds: it never blocks
        finally:
            secret.wipe()
            os.close(write)
        yield ("--pinentry-mode", "loopback", "--passphrase-fd", str(read)), (read,)
    finally:
        os.close(read)


def import_key(material: bytes, ctx: KeyContext) -> Sequence[KeyInfo]:
    """Take in certificates and private keys, armored or not; asks for nothing.

    Certificates are merged, as gpg does; a private key that is here already is kept with its
    passphrase, and a new one keeps the passphrase under which it comes. Raises KeyUnreadable where
    there is no key in the material, LimitReached, AgentMissing, NotWritable, ToolFailed.
    """
    if len(material) > MAX_MATERIAL:
        raise LimitReached(what="bytes of keys to import", limit=MAX_MATERIAL)
    home = Home.of(ctx)
    home.prepare()
    done = home.gpg(("--no-auto-check-trustdb", "--import"), stdin=material)
    found = {each.decode() for each in _IMPORTED.findall(done.stderr)}
    if not found:
        raise KeyUnreadable(key=STORE, reason="gpg finds no OpenPGP key in it")
    return _infos(home, found, ctx.time)


def _infos(home: Home, primaries: set[str], now: int) -> Sequence[KeyInfo]:
    names = primaries if len(primaries) <= MAX_NAMES else ()
    with Agent.of(home) as agent:
        held = agent.keys()
    certificates = (
        keys_of(each, held)
        for each in home.certificates(*names)
        if each.primary.fingerprint in primaries
    )
    return infos(certificates, now, str(home.directory))
