"""Runs one test YubiKey: ``python -m tests.support.virtualkey PORT CONTROL [SERIAL] [FIRMWARE]``.

It connects to vpcd on the loopback PORT and takes orders on the Unix socket CONTROL, one JSON
object a line, one answer a line (``stack.Handle`` speaks it).
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from typing import Any

from tests.support.virtualkey.card import ATR, Card
from tests.support.virtualkey.device import Device, Fault, Finger
from tests.support.virtualkey.management import Management
from tests.support.virtualkey.openpgp import OpenPgpCard

_OFF, _ON, _RESET, _ATR = 0, 1, 2, 4
_RETRY_SECONDS = 0.02


class Contact:
    """The card's end of vpcd's connection; closed, the card is out of the reader."""

    def __init__(self, port: int, card: Card) -> None:
        """Nothing is connected before ``run``."""
        self._port = port
        self._card = card
        self._line: socket.socket | None = None
        self._present = threading.Event()
        self._present.set()

    def eject(self) -> None:
        """Take the card out."""
        self._present.clear()
        if self._line is not None:
            self._line.shutdown(socket.SHUT_RDWR)

    def insert(self) -> None:
        """Put it in."""
        self._present.set()

    def run(self) -> None:
        """Serve for ever, in the reader and out of it."""
        while True:
            self._present.wait()
            try:
                with socket.create_connection(("127.0.0.1", self._port)) as line:
                    self._line = line
                    self._card.power()
                    self._serve(line)
            except OSError:
                time.sleep(_RETRY_SECONDS)  # the reader is not there yet, or the card was pulled

    def _serve(self, line: socket.socket) -> None:
        while self._present.is_set():
            (size,) = struct.unpack(">H", _exactly(line, 2))
            message = _exactly(line, size)
            if size > 1:
                _send(line, self._card.transmit(message))
            elif message[0] == _ATR:
                _send(line, ATR)
            elif message[0] in {_OFF, _ON, _RESET}:
                self._card.power()


def _exactly(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        # vpcd sends length and payload apart: else each command waits 48 ms for its second half
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        piece = line.recv(size - len(found))
        if not piece:
            raise ConnectionError
        found += piece
    return found


def _send(line: socket.socket, message: bytes) -> None:
    line.sendall(struct.pack(">H", len(message)) + message)


def _obey(order: dict[str, Any], device: Device, contact: Contact, card: OpenPgpCard) -> object:
    match order:
        case {"do": "eject"}:
            contact.eject()
        case {"do": "insert"}:
            contact.insert()
        case {"do": "finger", "finger": finger}:
            with device.moved:
                device.finger = Finger(finger)
                device.moved.notify_all()
        case {"do": "touched", "times": times, "seconds": seconds}:
            with device.moved:
                return device.moved.wait_for(lambda: device.counts["touch"] >= times, seconds)
        case {"do": "fault", "instruction": instruction, "status": status, "times": times}:
            device.faults.append(Fault(instruction, status, times))
        case {"do": "state"}:
            return {
                "tries": [card.user.tries, card.reset.tries, card.admin.tries],
                "counter": card.counter,
                "origins": [slot.origin for slot in card.slots],
                "counts": dict(device.counts),
                "commands": device.commands[-200:],
            }
        case _:
            raise ValueError(order)
    return None


def _control(path: str, device: Device, contact: Contact, card: OpenPgpCard) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def talk(line: socket.socket) -> None:
        with line, line.makefile("rw", encoding="utf-8") as text:
            for each in text:
                text.write(json.dumps(_obey(json.loads(each), device, contact, card)) + "\n")
                text.flush()

    while True:
        line, _ = server.accept()
        threading.Thread(target=talk, args=(line,), daemon=True).start()


def main(port: str, control: str, serial: str = "12345678", firmware: str = "5.7.1") -> None:
    """Run until killed."""
    major, minor, patch = (int(each) for each in firmware.split("."))
    device = Device(int(serial), (major, minor, patch))
    openpgp = OpenPgpCard(device)
    contact = Contact(int(port), Card(device, openpgp, Management(device)))
    threading.Thread(target=_control, args=(control, device, contact, openpgp), daemon=True).start()
    contact.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
