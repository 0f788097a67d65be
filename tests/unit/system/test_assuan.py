"""The Assuan client against a scripted peer: what it reads, what it writes, what it refuses."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.errors import AgentMissing, Cancelled, ProtocolViolation
from signstation.model.secret import Secret
from signstation.system import assuan
from signstation.system.assuan import MAX_LINE, Accepted, Assuan, Refused, no_inquiry

GREETING = b"OK Pleased to meet you, process 1\n"


class Peer:
    """The server's end: what it will say is put into the socket before the client reads."""

    def __init__(self, says: bytes, *, ends: bool = True) -> None:
        client, self.socket = socket.socketpair()
        self.socket.sendall(GREETING + says)
        if ends:
            self.socket.shutdown(socket.SHUT_WR)
        self.client = Assuan(client)

    def heard(self) -> bytes:
        """Return everything that the client has sent; closes the client."""
        self.client.close()
        found = bytearray()
        while part := self.socket.recv(65536):
            found += part
        self.socket.close()
        return bytes(found)


@pytest.fixture
def peers() -> Iterator[list[Peer]]:
    """Collect peers and close them."""
    made: list[Peer] = []
    yield made
    for each in made:
        each.client.close()
        each.socket.close()


def test_data_and_status_of_a_reply(peers: list[Peer]) -> None:
    peers.append(peer := Peer(b"# comment\nS KEYINFO AB D\nD a%25b%0a\nS X\nD c\nOK done\n"))
    reply = peer.client.call("KEYINFO --list")
    assert reply == Accepted(bytearray(b"a%b\nc"), (("KEYINFO", "AB D"), ("X", "")))
    assert peer.heard() == b"KEYINFO --list\n"


def test_replies_of_a_pipeline_come_in_order(peers: list[Peer]) -> None:
    peers.append(peer := Peer(b"OK\nERR 67108881 No secret key <GPG Agent>\nD x\nOK\n"))
    peer.client.send(("A", "B", "C"))
    assert peer.client.reply() == Accepted(bytearray())
    refused = peer.client.reply()
    assert refused == Refused(67108881, "No secret key <GPG Agent>")
    assert refused.code == 17
    assert peer.client.reply() == Accepted(bytearray(b"x"))


@given(st.binary(max_size=3000))
def test_a_secret_arrives_whole_and_in_lines_that_fit(plain: bytes) -> None:
    peer = Peer(b"INQUIRE PASSPHRASE\nOK\n")
    secret = Secret(plain)
    peer.client.call("PKSIGN", lambda _: secret)
    lines = peer.heard().split(b"\n")
    assert lines[0] == b"PKSIGN"
    assert lines[-2:] == [b"END", b""]
    assert all(len(line) <= MAX_LINE for line in lines)
    sent = lines[1:-2]
    assert all(line.startswith(b"D ") for line in sent)
    assert b"".join(assuan._unescape(line[2:]) for line in sent) == plain


def test_what_the_inquiry_raises_cancels_and_is_raised(peers: list[Peer]) -> None:
    peers.append(peer := Peer(b"INQUIRE PASSPHRASE\nERR 67109141 cancelled\nOK\n"))

    def refuse(asked: str) -> Secret:
        assert asked == "PASSPHRASE"
        raise Cancelled

    with pytest.raises(Cancelled):
        peer.client.call("PKSIGN", refuse)
    assert peer.client.call("NOP") == Accepted(bytearray())
    assert peer.heard() == b"PKSIGN\nCAN\nNOP\n"


def test_an_inquiry_that_nobody_expected_is_cancelled(peers: list[Peer]) -> None:
    peers.append(peer := Peer(b"INQUIRE PASSPHRASE\nERR 67109141 cancelled\n"))
    with pytest.raises(ProtocolViolation):
        peer.client.call("PKSIGN", no_inquiry)
    assert peer.heard() == b"PKSIGN\nCAN\n"


@pytest.mark.parametrize(
    "says",
    [
        b"NONSENSE\n",
        b"\n",
        b"ERR\n",
        b"ERR x no number\n",
        b"ERR 99999999999 too long\n",
        b"D %4\nOK\n",
        b"D %\nOK\n",
        b"D %zz\nOK\n",
        b"D " + b"x" * MAX_LINE + b"\nOK\n",
        b"D " + b"x" * 5000,
        b"END\n",
    ],
)
def test_what_is_not_of_the_protocol_is_refused(peers: list[Peer], says: bytes) -> None:
    peers.append(peer := Peer(says))
    with pytest.raises(ProtocolViolation):
        peer.client.call("X")


def test_the_longest_line_is_read(peers: list[Peer]) -> None:
    peers.append(peer := Peer(b"D " + b"x" * (MAX_LINE - 2) + b"\nOK\n"))
    assert peer.client.call("X") == Accepted(bytearray(b"x" * (MAX_LINE - 2)))


def test_a_reply_is_bounded(peers: list[Peer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assuan, "MAX_REPLY", 100)
    peers.append(peer := Peer(b"S x\n" * 26))
    with pytest.raises(ProtocolViolation):
        peer.client.call("X")


@pytest.mark.parametrize("command", ["A" * (MAX_LINE + 1), "A\nB"])
def test_a_command_that_is_no_line_is_not_sent(peers: list[Peer], command: str) -> None:
    peers.append(peer := Peer(b""))
    with pytest.raises(ProtocolViolation):
        peer.client.send((command,))
    assert peer.heard() == b""


def test_a_closed_connection_is_a_missing_agent(peers: list[Peer]) -> None:
    peers.append(peer := Peer(b"S half"))
    with pytest.raises(AgentMissing):
        peer.client.call("X")
    peer.socket.close()
    with pytest.raises(AgentMissing):
        peer.client.send(("X",))


def test_silence_is_a_missing_agent(peers: list[Peer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assuan, "ANSWER_SECONDS", 0.05)
    peers.append(peer := Peer(b"", ends=False))
    with pytest.raises(AgentMissing, match="does not answer"):
        peer.client.call("X")


def test_a_server_that_refuses_to_talk() -> None:
    client, server = socket.socketpair()
    with client, server:
        server.sendall(b"ERR 67109115 Forbidden\n")
        with pytest.raises(AgentMissing, match="Forbidden"):
            Assuan(client)


def test_connecting(tmp_path: Path) -> None:
    path = Path(os.path.relpath(tmp_path / "S"))  # tmp_path may be too long for sun_path
    with pytest.raises(AgentMissing, match="No such file"):
        Assuan.connect(path, frozenset({os.geteuid()}))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        with pytest.raises(AgentMissing, match="refused"):
            Assuan.connect(path, frozenset({os.geteuid()}))
        listening.listen()
        with pytest.raises(AgentMissing, match=f"served by user {os.geteuid()}"):
            Assuan.connect(path, frozenset({os.geteuid() + 1}))


@given(st.binary(max_size=200) | st.text("OKERD S%0Aa\n", max_size=60).map(str.encode))
def test_any_bytes_give_a_reply_or_a_typed_error(says: bytes) -> None:
    peer = Peer(says)
    try:
        peer.client.call("X")
    except (AgentMissing, ProtocolViolation):
        pass
    finally:
        peer.client.close()
        peer.socket.close()
