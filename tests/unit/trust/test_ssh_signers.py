"""allowed_signers files: every line is understood or the file is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.sshkeys import key_blob
from signstation.errors import KeyUnreadable
from signstation.model.trust import Origin
from signstation.trust.ssh import is_allowed_signers, prepare_ssh
from tests.support import ssh

HERE = Origin("test")
KEY = ssh.public_line("ed25519")


def test_lines_give_principals_dates_and_namespaces() -> None:
    text = f"""# signers
me@example.org,you@example.org {KEY} a comment

"*@example.org" namespaces="file,git",valid-after="20260101",valid-before="202701011200Z" {KEY}
"""
    assert is_allowed_signers(text.encode())
    first, second = prepare_ssh(text.encode(), HERE)
    assert first.principals == ("me@example.org", "you@example.org")
    assert first.key == key_blob(ssh.private("ed25519").public_key())
    assert (first.namespaces, first.after, first.before) == ((), None, None)
    assert first.line.endswith("a comment")
    assert second.principals == ("*@example.org",)
    assert second.namespaces == ("file", "git")
    assert second.after == 1_767_225_600
    assert second.before == 1_798_804_800


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f'me cert-authority="yes" {KEY}', "cert-authority"),
        (f"me no-such-thing {KEY}", "no-such-thing"),
        (f'me namespaces="a",namespaces="b" {KEY}', "namespaces"),
        (f'me valid-before="soon" {KEY}', "not a time"),
        (f'me valid-before="20261301" {KEY}', "line 2"),
        (f"me ssh-rsa {KEY.split()[1]}", "not of the type"),
        ("me ssh-ed25519 AAAA=B==", "base64"),
        ("me", "not principals"),
        ("me sk-ssh-ed25519@openssh.com AAAA", "line 2"),
    ],
    ids=range(9),  # the key is new each time: its text would be another name in every process
)
def test_a_line_that_is_not_understood_refuses_the_file(line: str, why: str) -> None:
    content = f"you {KEY}\n{line}\n".encode()
    with pytest.raises(KeyUnreadable, match="line 2") as raised:
        prepare_ssh(content, HERE)
    assert why in raised.value.reason


@given(st.text(max_size=200))
def test_any_text_gives_anchors_or_a_typed_error(text: str) -> None:
    with suppress(KeyUnreadable):
        assert all(each.key for each in prepare_ssh(text.encode("utf-8", "surrogatepass"), HERE))


@pytest.mark.parametrize("content", [b"", b"hello world\n", b"\xff\xfe", b"-----BEGIN X-----"])
def test_other_files_are_not_taken_for_it(content: bytes) -> None:
    assert not is_allowed_signers(content)
