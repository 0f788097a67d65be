"""``signstation trust …``: what this station trusts, looked at, pinned and unpinned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from signstation.app.trustcases import losses
from signstation.cli.command import PATH, ExampleCommand, LazyGroup, json_option
from signstation.cli.conversation import Conversation
from signstation.cli.objects import anchor_json
from signstation.cli.output import Output
from signstation.cli.run import run, station
from signstation.errors import UsageError
from signstation.model.anchors import Anchor, AnchorFile, AnchorKind, PinOrder
from signstation.model.trust import Purpose
from signstation.reports.tables import KEY_STATES
from signstation.reports.words import groups, sentence, show

KINDS = {
    AnchorKind.OPENPGP: "OpenPGP certificate",
    AnchorKind.AUTHORITY: "X.509 authority",
    AnchorKind.CERTIFICATE: "X.509 certificate",
    AnchorKind.SSH: "SSH key",
    AnchorKind.SSH_AUTHORITY: "SSH authority",
    AnchorKind.SSH_REVOCATIONS: "list of revoked SSH keys",
}
FEWEST_DIGITS = 16
"""Fewest digits of a fingerprint that name an anchor: its last 16, as tools show key ids."""


@click.group(cls=LazyGroup, short_help="What is trusted: list, show, pin, unpin.")
def trust() -> None:
    """What this station trusts: its own keys, and the anchors that were pinned."""


@trust.command("list", cls=ExampleCommand, short_help="List what is trusted.")
@json_option
def list_(as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """List the anchors with purposes, origin and state."""
    return run(as_json, _list)


@trust.command("show", cls=ExampleCommand, short_help="Show an anchor, or what a file holds.")
@click.argument("what")
@json_option
def show_(what: str, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Show anchors with all their keys.

    WHAT is a fingerprint, its last 16 digits, the whole name of an anchor, or a file: then what it
    would have pinned is shown, and nothing is trusted by looking.
    """
    return run(as_json, lambda output: _show(output, what))


@trust.command("pin", cls=ExampleCommand, short_help="Trust the anchors of a file.")
@click.argument("path", metavar="FILE", type=PATH)
@click.option(
    "--fingerprint",
    "fingerprints",
    multiple=True,
    help="Pin only the anchor with this fingerprint, compared in full; repeatable.",
)
@click.option(
    "--compared", is_flag=True, help="You have compared the fingerprints of `trust show FILE`."
)
@click.option(
    "--purpose",
    "purposes",
    multiple=True,
    type=click.Choice([each.value for each in Purpose]),
    default=[Purpose.ANY.value],
    show_default=True,
    help="What the anchor is trusted for; repeatable.",
)
@json_option
def pin(
    path: Path,
    fingerprints: tuple[str, ...],
    compared: bool,  # noqa: FBT001 - a click flag
    purposes: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Trust certificates and SSH keys of a file, or heed its list of revoked SSH keys.

    A certificate from a file is worth as much as the way in which its fingerprint was compared:
    say it with --fingerprint, or say that you did with --compared.
    """
    if not fingerprints and not compared:
        raise click.UsageError("compare first: signstation trust show FILE, then --fingerprint")
    chosen = tuple(Purpose(each) for each in purposes)
    return run(as_json, lambda output: _pin(output, path.absolute(), fingerprints, chosen))


@trust.command("unpin", cls=ExampleCommand, short_help="Trust an anchor no longer.")
@click.argument("what")
@click.option("--dry-run", is_flag=True, help="Say what would stop being verified.")
@json_option
def unpin(what: str, dry_run: bool, as_json: bool) -> int:  # noqa: FBT001 - click flags
    """Trust an anchor no longer. WHAT names it as for show; of a file, its pinned anchors go."""
    return run(as_json, lambda output: _unpin(output, what, dry_run=dry_run))


def _list(output: Output) -> None:
    with station(output) as talk:
        found = talk.wait(talk.api.anchors())
    for each in found:
        output.object(anchor_json(each, pinned=True))
    if not found:
        output.text("Nothing is trusted yet: signstation trust pin --help")
        return
    output.table(
        ("NAME", "KIND", "FOR", "STATE", "UNTIL", "FINGERPRINT", "FROM"),
        [
            (
                each.label,
                KINDS[each.kind],
                _purposes(each),
                KEY_STATES[each.state],
                _day(each.expires),
                each.identity,
                _origin(each),
            )
            for each in found
        ],
    )


def _show(output: Output, what: str) -> None:
    with station(output) as talk:
        for each, pinned in _named(talk, what):
            output.object(anchor_json(each, pinned=pinned))
            output.text(*_lines(each, pinned=pinned), "")


def _pin(
    output: Output, path: Path, fingerprints: Sequence[str], purposes: tuple[Purpose, ...]
) -> None:
    with station(output) as talk:
        found = talk.wait(talk.api.preview_anchors(path))
        wanted = _chosen(found, fingerprints)
        order = PinOrder(path, found.sha256, wanted, purposes)
        for each in talk.wait(talk.api.pin(order)):
            output.object(anchor_json(each, pinned=True))
            heeded = each.kind is AnchorKind.SSH_REVOCATIONS
            verb = "Heeded from now on:" if heeded else "Trusted from now on:"
            output.text(verb, *_lines(each, pinned=True), "")


def _unpin(output: Output, what: str, *, dry_run: bool) -> None:
    with station(output) as talk:
        named = [each for each, pinned in _named(talk, what) if pinned]
        if not named:
            raise UsageError(reason=f"nothing in {what} is trusted on this station")
        keys, seen = talk.wait(talk.api.keys()), talk.wait(talk.api.seen())
        for each in named:
            if not dry_run:
                talk.wait(talk.api.unpin(each.identity))
            output.object(anchor_json(each, pinned=dry_run))
            verb = "Would no longer be trusted:" if dry_run else "No longer trusted:"
            output.text(f"{verb} {show(each.label)}", f"  {groups(show(each.identity))}")
            output.text(*(f"  {sentence(loss)}" for loss in losses(each, keys, seen)))


def _named(talk: Conversation, what: str) -> list[tuple[Anchor, bool]]:
    """Return the anchors that were meant and whether each is pinned. Raises UsageError."""
    pinned = talk.wait(talk.api.anchors())
    digits = "".join(what.replace(":", "").split()).casefold()
    found = [
        each
        for each in pinned
        if what in {each.label, *each.names}
        or (len(digits) >= FEWEST_DIGITS and _plain(each).endswith(digits))
    ]
    if len(found) > 1:
        raise UsageError(reason=f"{what} names {len(found)} anchors: use the whole fingerprint")
    if found:
        return [(found[0], True)]
    if not Path(what).exists():
        raise UsageError(reason=f"{what} is neither trusted on this station nor a file")
    file = talk.wait(talk.api.preview_anchors(Path(what).absolute()))
    kept = {each.identity: each for each in pinned}
    return [(kept.get(each.identity, each), each.identity in kept) for each in file.anchors]


def _plain(anchor: Anchor) -> str:
    """Return what is compared with a typed fingerprint: no colons, no capitals."""
    return anchor.identity.replace(":", "").casefold()


def _chosen(found: AnchorFile, fingerprints: Sequence[str]) -> tuple[str, ...]:
    """Return the identities of the named fingerprints, or of all anchors where none is named."""
    if not fingerprints:
        return tuple(each.identity for each in found.anchors)
    there = {_plain(each): each.identity for each in found.anchors}
    wanted = ["".join(each.replace(":", "").split()) for each in fingerprints]
    for each in wanted:
        if each.casefold() not in there:
            held = ", ".join(there.values())
            raise UsageError(reason=f"no anchor of the file has {each}: it holds {held}")
    return tuple(there[each.casefold()] for each in wanted)


def _lines(anchor: Anchor, *, pinned: bool) -> Iterator[str]:
    yield f"{show(anchor.label)}: {KINDS[anchor.kind]}, {KEY_STATES[anchor.state]}"
    yield f"  Fingerprint {groups(show(anchor.identity))}"
    for name in anchor.names:
        if name != anchor.label:
            yield f"  Name {show(name)}"
    if pinned and anchor.kind is AnchorKind.SSH_REVOCATIONS:
        yield f"  Heeded whatever is checked; {show(_origin(anchor))}"
    elif pinned:
        yield f"  Trusted for {_purposes(anchor)}; {show(_origin(anchor))}"
    else:
        yield "  Not trusted on this station"
    for key in anchor.keys:
        until = _day(key.expires)
        yield f"  Key {groups(show(key.fingerprint))}"
        usages = show(", ".join(key.usages)) or "no use that matters here"
        yield f"    {show(key.type.title)}, {usages}: {KEY_STATES[key.state]}, until {until}"
        for note in key.notes:
            yield f"    {sentence(note)}"


def _purposes(anchor: Anchor) -> str:
    return ", ".join(each.value for each in anchor.purposes)


def _origin(anchor: Anchor) -> str:
    since = anchor.origin.since
    return anchor.origin.source + (f" on {_day(since)}" if since is not None else "")


def _day(seconds: int | None) -> str:
    return "no end" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
