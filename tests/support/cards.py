"""A GnuPG home whose key lives on a test YubiKey, as key-to-card leaves it behind."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from tests.support.gnupg import GnupgHome, TestKey
from tests.support.virtualkey.stack import READER, Stack

PIN = "123456"
ADMIN_PIN = "12345678"
SERIAL = 12345678
AID = f"D276000124010304{6:04X}{SERIAL:08d}0000"
DEVICE = f"Yubico {SERIAL}"

_AGENT = "gpg-connect-agent"


class CardHome(GnupgHome):
    """A home whose agent reaches the stack's reader; close it before the stack."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self._stack = stack
        (self.path / "scdaemon.conf").write_text(f"disable-ccid\nreader-port {READER}\n")

    @property
    def environment(self) -> dict[str, str]:
        """The agent is started by whoever comes first: it must know the private pcscd."""
        return super().environment | self._stack.environment

    def launch(self) -> None:
        """Start the agent with the reader's socket in its environment."""
        subprocess.run(
            ["gpgconf", "--homedir", str(self.path), "--launch", "gpg-agent"],
            check=True, env=self.environment,
        )  # fmt: skip

    def restart(self) -> None:
        """End the agent and start another, which knows no PIN."""
        self.kill_agent()
        self.launch()

    def agent(self, *commands: str, secret: str = "") -> str:
        """Give the agent commands on one connection, and a secret to what it inquires."""
        secret_file = self.path / "inquired"
        secret_file.write_text(secret)
        script = (f"/definqfile PASSPHRASE {secret_file}", "OPTION pinentry-mode=loopback")
        done = subprocess.run(
            [_AGENT, "--homedir", str(self.path), "--no-autostart"],
            input="\n".join((*script, *commands, "/bye", "")), check=True, capture_output=True,
            encoding="latin-1", env=self.environment,
        )  # fmt: skip
        secret_file.unlink()
        return done.stdout

    def lines(self, *arguments: str) -> list[list[str]]:
        """Return the fields of a colon listing."""
        found = self.gpg("--with-colons", "--with-keygrip", *arguments).stdout.decode()
        return [line.split(":") for line in found.splitlines()]


@dataclass(frozen=True, slots=True)
class OnCard:
    """A key whose only private half is on the card."""

    stack: Stack
    home: CardHome
    key: TestKey

    @classmethod
    def made(cls, stack: Stack, algorithm: str = "ed25519") -> Self:
        """Make a key, move it to the card, and take the software copy away.

        The agent that saw the Admin PIN is ended: who signs is asked for the PIN.
        """
        home = CardHome(stack)
        home.launch()
        key = home.generate(algorithm)
        fields = home.lines("--list-secret-keys", key.primary)
        grip = next(each[9] for each in fields if each[0] == "grp")
        created = datetime.fromtimestamp(
            int(next(each[5] for each in fields if each[0] == "sec")), UTC
        )
        stamp = f"{created:%Y%m%dT%H%M%S}"
        attribute = f"SCD SETATTR KEY-ATTR --force 1 1 {algorithm}"
        said = home.agent(
            "SCD SERIALNO",
            *([attribute] if algorithm.startswith("rsa") else []),
            f"KEYTOCARD --force {grip} {AID} OPENPGP.1 {stamp}",
            secret=ADMIN_PIN,
        )
        assert "ERR" not in said, said
        home.gpg("--card-status")
        home.restart()
        assert f"T {AID} OPENPGP.1" in home.agent("KEYINFO --list")
        return cls(stack, home, key)

    def wants_pin_each_time(self) -> None:
        """Set "signature PIN: forced", as its owner does with the Admin PIN."""
        said = self.home.agent("SCD SERIALNO", "SCD SETATTR CHV-STATUS-1 %00", secret=ADMIN_PIN)
        assert "ERR" not in said, said
        self.home.restart()

    def wants_touch(self) -> None:
        """Set the touch policy of the signature key, as ykman does with the Admin PIN."""
        said = self.home.agent(
            "SCD SERIALNO",
            f"SCD APDU 0020008308{ADMIN_PIN.encode().hex()}",
            "SCD APDU 00DA00D6020120",
        )
        assert said.count("\x90") == 2, said
        self.home.restart()
