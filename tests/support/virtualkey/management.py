"""The YubiKey Management applet of a test key: which device it is and what is switched on."""

from __future__ import annotations

from tests.support.virtualkey.apdu import Command, Denied, Status, tlv
from tests.support.virtualkey.device import Device

AID = bytes.fromhex("A000000527471117")

_APPLICATIONS = 0x0218  # OpenPGP 0x08, PIV 0x10, and the FIDO2 bit that every YubiKey 5 has
_USB_A_KEYCHAIN = 1


class Management:
    """Answers who the device is; it takes no configuration."""

    aid = AID

    def __init__(self, device: Device) -> None:
        """``device`` gives serial number and firmware."""
        self._device = device

    def forget(self) -> None:
        """Nothing is verified here."""

    def select(self) -> bytes:
        """Answer a SELECT with the version in words, as yubikit reads it."""
        return f"Virtual mgr - FW version {'.'.join(map(str, self._device.firmware))}".encode()

    def answer(self, command: Command) -> bytes:
        """Answer READ CONFIG (1D), page 0. Raises Denied for all else."""
        if command.instruction != 0x1D:
            raise Denied(Status.NO_INSTRUCTION)
        applications = _APPLICATIONS.to_bytes(2, "big")
        body = b"".join((
            tlv(0x01, applications),
            tlv(0x02, self._device.serial.to_bytes(4, "big")),
            tlv(0x03, applications),
            tlv(0x04, bytes((_USB_A_KEYCHAIN,))),
            tlv(0x05, self._device.version),
            tlv(0x06, bytes(2)),
            tlv(0x07, b"\x0f"),
            tlv(0x08, b"\x00"),
            tlv(0x0A, b"\x00"),
        ))  # fmt: skip
        return bytes((len(body),)) + body
