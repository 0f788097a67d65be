"""The OpenPGP card behind a gpg-agent: which one is inserted, its tries, and what it wants.

Only attributes are read (``SCD SERIALNO``, ``GETATTR`` and ``APDU``, GnuPG scd/command.c): a
``gpg --card-status`` would put stubs in the place of private keys that are still on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from signstation.errors import ProtocolViolation
from signstation.keystores.gnupg_agent import Agent
from signstation.keystores.gnupg_home import STORE
from signstation.model.keys import TokenUse
from signstation.model.tokens import PinState, TokenInfo
from signstation.system.assuan import Refused

_MANUFACTURERS = {0x0005: "ZeitControl", 0x0006: "Yubico", 0x000F: "Nitrokey", 0x1209: "Gnuk"}
"""Of the registry in GnuPG's scd/app-openpgp.c, those whose devices are common."""

FULL_TRIES = 3
"""Tries of a card whose owner did not change their number (OpenPGP card 3.4, section 4.3)."""

_STATES = {0: PinState.BLOCKED, 1: PinState.LAST}
_AID_HEX = 32
_APPLICATION = "D276000124"
"""FSFE's registered identifier: the head of every OpenPGP card's AID."""
_READ_TOUCH = "00CA00D600"
"""GET DATA of the signature key's User Interaction Flag (OpenPGP card 3.4, section 4.4.3.6)."""
_DONE = b"\x90\x00"


@dataclass(frozen=True, slots=True)
class Card:
    """What the card says of itself; tries are of PIN, reset code and Admin PIN."""

    serial: str  # the AID in hexadecimal, as KEYINFO gives it
    tries: tuple[int, int, int]
    pin_each: bool
    touch: bool

    @property
    def info(self) -> TokenInfo:
        """Return the card as a line of a listing."""
        tries = self.tries[0]
        return TokenInfo(
            store=STORE,
            device=device_name(self.serial),
            kind="OpenPGP card",
            pin=_STATES.get(tries, PinState.LOW if tries < FULL_TRIES else PinState.GOOD),
            tries=tries,
            pin_each=self.pin_each,
            touch=self.touch,
        )

    @property
    def use(self) -> TokenUse:
        """What a signature asks of the person who has the card."""
        return TokenUse(device_name(self.serial), self.pin_each, self.touch)


def device_name(serial: str) -> str:
    """Return maker and number of a card by its AID, as they are printed on it.

    The AID (OpenPGP card 3.4, section 4.2.1): 12 digits application, 4 version, 4 manufacturer,
    8 number. Anything else is returned as it is.
    """
    if len(serial) != _AID_HEX or not serial.upper().startswith(_APPLICATION):
        return serial or "OpenPGP card"
    maker = int(serial[16:20], 16)
    return f"{_MANUFACTURERS.get(maker, f'OpenPGP card {maker:04X}')} {serial[20:28]}"


def inserted(agent: Agent) -> Card | None:
    """Return the card in the reader that the agent uses, None without one; never prompts."""
    reply = agent.connection.call("SCD SERIALNO openpgp")
    if isinstance(reply, Refused):
        return None
    serial = next((rest.split(" ")[0] for key, rest in reply.status if key == "SERIALNO"), "")
    numbers = _attribute(agent, "CHV-STATUS")
    if not serial or numbers is None:
        return None
    return _card(serial, numbers, _touch(agent))


def _attribute(agent: Agent, name: str) -> bytes | None:
    """Return an attribute, None where the card has none of that name."""
    reply = agent.connection.call(f"SCD GETATTR {name}")
    if isinstance(reply, Refused):
        return None
    found = next((rest for key, rest in reply.status if key == name), None)
    return None if found is None else unquote_to_bytes(found.replace("+", " "))


def _touch(agent: Agent) -> bool:
    """Read the touch policy from the card itself: scdaemon has no name for it before GnuPG 2.3."""
    reply = agent.connection.call(f"SCD APDU {_READ_TOUCH}")
    if isinstance(reply, Refused) or not reply.data.endswith(_DONE):
        return False
    policy = bytes(reply.data.removesuffix(_DONE))
    return policy[:1] not in {b"", b"\0"}


def _card(serial: str, numbers: bytes, touch: bool) -> Card:  # noqa: FBT001 - one of its facts
    """``CHV-STATUS``: PIN good for several signatures, three longest lengths, three tries."""
    try:
        several, _, _, _, *tries = (int(each) for each in numbers.split())
        user, reset, admin = tries
    except ValueError as error:
        raise ProtocolViolation(reason="a card's PIN status is not seven numbers") from error
    return Card(serial, (user, reset, admin), several == 0, touch)
