"""The OpenPGP card applet (OpenPGP Smart Card Application 3.4) of a test YubiKey."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes

from tests.support.virtualkey.apdu import Command, Denied, Status, objects, tlv
from tests.support.virtualkey.device import Device
from tests.support.virtualkey.openpgp_slots import ED25519, EDDSA, Slot, rsa_attributes
from tests.support.virtualkey.pins import Pin

AID = bytes.fromhex("D27600012401")

_MANUFACTURER = bytes.fromhex("0006")  # Yubico
_HISTORICAL = bytes.fromhex("00730000E0059000")
_CAPABILITIES = bytes.fromhex("7D000BFE080000FF0000")
_BUTTON = bytes.fromhex("810120")
_LONGEST = bytes.fromhex("02020BFE02020BFE")
_NO_KDF = bytes.fromhex("810100")
_TERMINATED, _ACTIVE = 0x03, 0x05
_CRTS = {0xB6: 0, 0xB8: 1, 0xA4: 2}
_USER, _USER_OTHER, _ADMIN = 0x81, 0x82, 0x83


class OpenPgpCard:
    """One applet with its data; a power cycle or another selection forgets what was verified."""

    aid = AID

    def __init__(self, device: Device) -> None:
        """An applet as the factory delivers it: PIN 123456, Admin PIN 12345678."""
        self._device = device
        self._start()
        self._instructions: dict[int, Callable[[Command], bytes]] = {
            0x20: self._verify,
            0x24: self._change,
            0x2A: self._operate,
            0x2C: self._unblock,
            0x44: self._activate,
            0x47: self._generate,
            0x84: lambda command: token_bytes(command.expected or 8),
            0x88: self._authenticate,
            0xA5: lambda _: b"",
            0xCA: self._get,
            0xDA: self._put,
            0xDB: self._import,
            0xE6: self._terminate,
            0xF1: lambda _: self._device.version,
            0xF2: self._set_tries,
        }
        self._objects: dict[int, Callable[[], bytes]] = {
            0x4F: self._identity,
            0x5F52: lambda: _HISTORICAL,
            0x65: self._cardholder,
            0x6E: self._application,
            0x7A: lambda: tlv(0x93, self.counter.to_bytes(3, "big")),
            0xC1: lambda: self.slots[0].attributes,
            0xC2: lambda: self.slots[1].attributes,
            0xC3: lambda: self.slots[2].attributes,
            0xC4: self._pin_status,
            0xD6: lambda: self.slots[0].touch,
            0xD7: lambda: self.slots[1].touch,
            0xD8: lambda: self.slots[2].touch,
            0xDE: self._key_information,
            0xF9: lambda: _NO_KDF,
            0xFA: self._algorithms,
            0x7F21: lambda: self.slots[2].certificate,
            0x7F66: lambda: _LONGEST,
            0x7F74: lambda: _BUTTON,
        }

    def _start(self) -> None:
        self.user = Pin(b"123456", 6, 127)
        self.reset = Pin(b"", 8, 127, tries=0)
        self.admin = Pin(b"12345678", 8, 127)
        self.extended = False  # the user PIN as verified by 82, for deciphering
        self.slots = tuple(Slot(number) for number in (1, 2, 3))
        self.every_time = False
        self.counter = 0
        self.terminated = False
        self.data = dict.fromkeys((0x5B, 0x5E, 0x5F2D, 0x5F50, 0x0101, 0x0102), b"") | {
            0x5F35: b"9"
        }

    def forget(self) -> None:
        """Take back every verification: another applet was selected, or the power went."""
        self.user.verified = self.admin.verified = self.extended = False

    def select(self) -> bytes:
        """Answer a SELECT."""
        if self.terminated:
            raise Denied(Status.TERMINATED)
        return b""

    def answer(self, command: Command) -> bytes:
        """Answer one whole command. Raises Denied with any other status than 9000."""
        found = self._instructions.get(command.instruction)
        if found is None:
            raise Denied(Status.NO_INSTRUCTION)
        if self.terminated and command.instruction not in {0x44, 0xF1}:
            raise Denied(Status.TERMINATED)
        return found(command)

    # PINs

    def _pin(self, reference: int) -> Pin:
        found = {_USER: self.user, _USER_OTHER: self.user, _ADMIN: self.admin}.get(reference)
        if found is None:
            raise Denied(Status.NOT_FOUND)
        return found

    def _verify(self, command: Command) -> bytes:
        pin = self._pin(command.p2)
        other = command.p2 == _USER_OTHER
        if command.p1 == 0xFF:
            if other:
                self.extended = False
            else:
                pin.verified = False
            return b""
        if not command.data:
            if not (other and self.extended):
                pin.state()
            return b""
        kept = pin.verified
        pin.verify(command.data)
        if other:
            pin.verified, self.extended = kept, True
        return b""

    def _change(self, command: Command) -> bytes:
        self._pin(command.p2).change(command.data)
        return b""

    def _unblock(self, command: Command) -> bytes:
        if command.p1 == 0x02:
            self._needs_admin()
            self.user.set(command.data)
            return b""
        size = len(self.reset.value)
        self.reset.verify(command.data[:size])
        self.user.set(command.data[size:])
        return b""

    def _set_tries(self, command: Command) -> bytes:
        self._needs_admin()
        for pin, limit in zip((self.user, self.reset, self.admin), command.data, strict=True):
            pin.limit = limit
            pin.tries = limit if pin.value else 0
        return b""

    def _needs_admin(self) -> None:
        if not self.admin.verified:
            raise Denied(Status.NOT_SATISFIED)

    # data objects

    def _get(self, command: Command) -> bytes:
        tag = command.parameters
        made = self._objects.get(tag)
        if made is not None:
            return made()
        if tag not in self.data:
            raise Denied(Status.NOT_FOUND)
        return self.data[tag]

    def _cardholder(self) -> bytes:
        return b"".join(tlv(tag, self.data[tag]) for tag in (0x5B, 0x5F2D, 0x5F35))

    def _identity(self) -> bytes:
        serial = bytes.fromhex(f"{self._device.serial:08d}")
        return AID + b"\x03\x04" + _MANUFACTURER + serial + bytes(2)

    def _pin_status(self) -> bytes:
        tries = (self.user.tries, self.reset.tries, self.admin.tries)
        return bytes((0 if self.every_time else 1, 127, 127, 127, *tries))

    def _key_information(self) -> bytes:
        return b"".join(bytes((slot.number, slot.origin)) for slot in self.slots)

    def _algorithms(self) -> bytes:
        kinds = (rsa_attributes(2048), rsa_attributes(4096), bytes((EDDSA,)) + ED25519)
        return b"".join(tlv(tag, kind) for tag in (0xC1, 0xC2, 0xC3) for kind in kinds)

    def _application(self) -> bytes:
        slots = self.slots
        discretionary = [
            tlv(0xC0, _CAPABILITIES),
            *(tlv(0xC1 + at, slot.attributes) for at, slot in enumerate(slots)),
            tlv(0xC4, self._pin_status()),
            tlv(0xC5, b"".join(slot.fingerprint for slot in slots)),
            tlv(0xC6, b"".join(slot.issuer for slot in slots)),
            tlv(0xCD, b"".join(slot.created for slot in slots)),
            tlv(0xDE, self._key_information()),
            *(tlv(0xD6 + at, slot.touch) for at, slot in enumerate(slots)),
        ]
        return b"".join((
            tlv(0x4F, self._identity()),
            tlv(0x5F52, _HISTORICAL),
            tlv(0x7F74, _BUTTON),
            tlv(0x73, b"".join(discretionary)),
            tlv(0x7F66, _LONGEST),
        ))  # fmt: skip

    def _put(self, command: Command) -> bytes:
        tag, value = command.parameters, command.data
        if tag == 0x0101 and not self.user.verified and not self.extended:
            raise Denied(Status.NOT_SATISFIED)
        if tag != 0x0101:
            self._needs_admin()
        if not self._put_in_slot(tag, value):
            self._put_in_card(tag, value)
        return b""

    def _put_in_slot(self, tag: int, value: bytes) -> bool:
        """Take an object that belongs to one of the three keys."""
        for slot in self.slots:
            match tag - slot.number + 1:
                case 0xC1:
                    slot.set_attributes(value)
                case 0xC7:
                    slot.fingerprint = value
                case 0xCA:
                    slot.issuer = value
                case 0xCE:
                    slot.created = value
                case 0xD6:
                    self._set_touch(slot, value)
                case _:
                    continue
            return True
        return False

    def _put_in_card(self, tag: int, value: bytes) -> None:
        match tag:
            case 0xC4:
                self.every_time = value[:1] == b"\x00"
            case 0xD3:
                self.reset = Pin(value, 8, 127) if value else Pin(b"", 8, 127, tries=0)
            case 0x7F21:
                self.slots[2].certificate = value
            case _:
                self.data[tag] = value

    @staticmethod
    def _set_touch(slot: Slot, value: bytes) -> None:
        if slot.touch[0] == 0x02:  # fixed: only a reset takes it away
            raise Denied(Status.CONDITIONS)
        slot.touch = value[:1] + b"\x20"

    # keys

    def _import(self, command: Command) -> bytes:
        self._needs_admin()
        header = objects(command.data).get(0x4D)
        if command.parameters != 0x3FFF or header is None:
            raise Denied(Status.WRONG_DATA)
        parts = objects(header)
        slot = next((self.slots[at] for crt, at in _CRTS.items() if crt in parts), None)
        if slot is None or 0x7F48 not in parts:
            raise Denied(Status.WRONG_DATA)
        slot.take(parts[0x7F48], parts.get(0x5F48, b""))
        if slot.number == 1:
            self.counter = 0
        return b""

    def _generate(self, command: Command) -> bytes:
        slot = self.slots[_CRTS.get(command.data[0] if command.data else 0, 0)]
        if command.p1 == 0x80:
            self._needs_admin()
            slot.generate()
            if slot.number == 1:
                self.counter = 0
        return slot.public()

    def _operate(self, command: Command) -> bytes:
        match command.parameters:
            case 0x9E9A:
                return self._sign(command.data)
            case 0x8086:
                if not self.extended:
                    raise Denied(Status.NOT_SATISFIED)
                self._touched(self.slots[1])
                return self.slots[1].decipher(command.data)
            case _:
                raise Denied(Status.WRONG_P1P2)

    def _sign(self, data: bytes) -> bytes:
        if not self.user.verified:
            raise Denied(Status.NOT_SATISFIED)
        self._touched(self.slots[0])
        signature = self.slots[0].sign(data)
        self.counter += 1
        self._device.counts["sign"] += 1
        if self.every_time:
            self.user.verified = False
        return signature

    def _authenticate(self, command: Command) -> bytes:
        if not self.extended:
            raise Denied(Status.NOT_SATISFIED)
        self._touched(self.slots[2])
        return self.slots[2].sign(command.data)

    def _touched(self, slot: Slot) -> None:
        if slot.touch[0]:
            self._device.touch()

    # life cycle

    def _terminate(self, _: Command) -> bytes:
        if not self.admin.verified and self.admin.tries:
            raise Denied(Status.NOT_SATISFIED)
        self.terminated = True
        return b""

    def _activate(self, _: Command) -> bytes:
        if self.terminated:
            self._start()
        return b""
