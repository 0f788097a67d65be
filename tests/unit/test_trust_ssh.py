"""SSH keys as anchors: what is pinned of an allowed_signers file, and as what it is shown."""

from __future__ import annotations

from pathlib import Path

from signstation.app.trustcases import losses
from signstation.app.trustfacts import Moment, anchors_of
from signstation.app.trustpins import TrustPins, pins_of, revocations_identity, ssh_identity
from signstation.codec.sshkrl import MAGIC
from signstation.codec.sshwire import string, uint32
from signstation.model.anchors import AnchorKind
from signstation.model.keys import KeyState
from signstation.model.trust import Origin, Purpose, Trust
from signstation.trust.ssh import prepare_krl, prepare_ssh
from tests.support import ssh

NOW = 1_800_000_000
FILE = Origin("file signers", NOW)


def _prepared() -> Trust:
    lines = (
        f"me@example.org,us@example.org {ssh.public_line('ed25519')} a comment\n"
        f'old@example.org namespaces="git",valid-before="20200101" {ssh.public_line("p256")}\n'
    )
    return Trust(ssh=prepare_ssh(lines.encode(), Origin("test")))


def test_pinned_lines_are_prepared_again_as_they_were(tmp_path: Path) -> None:
    pins = TrustPins(tmp_path / "trust")
    prepared = _prepared()
    for pin, material in pins_of(prepared, FILE, (Purpose.FILES,)):
        pins.add(pin, material)
    again = Trust(
        ssh=tuple(
            anchor
            for _, material in pins.materials()
            for anchor in prepare_ssh(material, Origin("test"))
        )
    )
    assert again == prepared
    stamped = pins.stamp(again)
    assert [each.origin for each in stamped.ssh] == [FILE, FILE]
    assert {each.purposes for each in stamped.ssh} == {(Purpose.FILES,)}
    gone, _ = pins.remove(ssh_identity(prepared.ssh[0]))
    assert gone.label == "me@example.org, us@example.org"
    assert [each.key for each in pins.stamp(again).ssh] == [prepared.ssh[1].key]


def test_anchors_show_principals_namespaces_and_dates() -> None:
    first, second = anchors_of(_prepared(), Moment(NOW))
    assert first.kind is second.kind is AnchorKind.SSH
    assert first.identity.startswith("SHA256:")
    assert first.names == ("me@example.org", "us@example.org")
    assert (first.state, first.expires) == (KeyState.ACTIVE, None)
    assert (second.state, second.expires) == (KeyState.EXPIRED, 1_577_836_800)
    assert second.keys[0].usages == ("sign", "namespace git")
    assert second.keys[0].type.title == "P-256"


def _krl(number: int = 1) -> bytes:
    head = MAGIC + uint32(1) + number.to_bytes(8, "big") + bytes(16) + string(b"") + string(b"")
    return head + bytes((5,)) + string(string(b"k" * 32))


def test_a_pinned_list_of_revoked_keys_is_prepared_again_and_takes_trust_away(
    tmp_path: Path,
) -> None:
    """A newer list is a pin of its own: both are heeded until the older one is unpinned."""
    pins = TrustPins(tmp_path / "trust")
    lists = tuple(prepare_krl(_krl(each), Origin("test")) for each in (1, 2))
    for pin, material in pins_of(Trust(ssh_revoked=lists), FILE, (Purpose.ANY,)):
        pins.add(pin, material)
    again = tuple(prepare_krl(material, Origin("test")) for _, material in pins.materials())
    assert again == lists
    stamped = pins.stamp(Trust(ssh_revoked=again))
    assert [each.origin for each in stamped.ssh_revoked] == [FILE, FILE]
    pins.remove(revocations_identity(lists[0]))
    assert [each.material for each in pins.stamp(stamped).ssh_revoked] == [_krl(2)]


def test_an_authority_certifies_and_a_list_of_revoked_keys_trusts_nobody() -> None:
    line = f"*@example.org cert-authority {ssh.public_line('p256')}\n"
    trust = Trust(
        ssh=prepare_ssh(line.encode(), FILE), ssh_revoked=(prepare_krl(_krl(), Origin("test")),)
    )
    authority, revoked = anchors_of(trust, Moment(NOW))
    assert authority.kind is AnchorKind.SSH_AUTHORITY
    assert authority.keys[0].usages == ("certify",)
    assert revoked.kind is AnchorKind.SSH_REVOCATIONS
    assert (revoked.keys, revoked.names[0]) == ((), "keys: 1")
    (loss,) = losses(revoked, (), ())
    assert "trusted again" in loss.english()
