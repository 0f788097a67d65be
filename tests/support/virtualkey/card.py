"""A test YubiKey as a reader sees it: power, SELECT, command chaining, answers in pieces."""

from __future__ import annotations

import struct
from typing import Protocol

from tests.support.virtualkey.apdu import SHORT_REPLY, Command, Denied, Status, parse
from tests.support.virtualkey.device import Device

ATR = bytes.fromhex("3BFD1300008131FE158073C021C057597562694B657940")
"""Of a YubiKey 5 on USB (T=1)."""

_SELECT, _GET_RESPONSE = 0xA4, 0xC0


class Applet(Protocol):
    """One application of the card."""

    aid: bytes

    def forget(self) -> None:
        """Take back what was verified."""

    def select(self) -> bytes:
        """Return the answer to a SELECT."""

    def answer(self, command: Command) -> bytes:
        """Return the data of an answer with 9000. Raises Denied."""


class Card:
    """Applets behind one contact; which of them is selected, and half-sent commands."""

    def __init__(self, device: Device, *applets: Applet) -> None:
        """The first applet is the one that is selected after power on."""
        self._device = device
        self._applets = applets
        self.power()

    def power(self) -> None:
        """Forget everything that a card forgets without power."""
        self._selected = self._applets[0]
        self._begun = b""
        self._rest = b""
        for each in self._applets:
            each.forget()

    def transmit(self, raw: bytes) -> bytes:
        """Answer a command APDU with a response APDU: data and the status word."""
        try:
            command = parse(raw)
            data = self._answer(command)
        except Denied as denied:
            self._log(raw, denied.status)
            return denied.status.to_bytes(2, "big")
        self._log(raw, Status.OK)
        return self._piece(data, command)

    def _log(self, raw: bytes, status: int) -> None:
        """Keep heads only: the data of VERIFY and its like are secrets, and logs are kept."""
        self._device.commands.append(f"{raw[:4].hex()} {len(raw)} {status:04x}")

    def _answer(self, command: Command) -> bytes:
        if command.instruction == _GET_RESPONSE:
            rest, self._rest = self._rest, b""
            return rest
        if command.chained:
            self._begun += command.data
            return b""
        whole = Command(
            command.kind, command.instruction, command.p1, command.p2,
            self._begun + command.data, command.expected,
        )  # fmt: skip
        self._begun = b""
        if whole.instruction == _SELECT and whole.p1 == 0x04:
            return self._select(whole.data)
        self._device.fault(whole.instruction)
        return self._selected.answer(whole)

    def _select(self, aid: bytes) -> bytes:
        for each in self._applets:
            if each.aid.startswith(aid) or aid.startswith(each.aid):
                if each is not self._selected:
                    self._selected.forget()
                self._selected = each
                return each.select()
        raise Denied(Status.NO_FILE)

    def _piece(self, data: bytes, command: Command) -> bytes:
        """Answer at once what is asked for at once, else 256 bytes and how many are left."""
        room = max(command.expected, SHORT_REPLY)
        now, self._rest = data[:room], data[room:]
        if not self._rest:
            return now + struct.pack(">H", Status.OK)
        return now + struct.pack(">H", Status.MORE | min(len(self._rest), 0xFF))
