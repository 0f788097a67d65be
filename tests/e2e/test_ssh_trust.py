"""SSH from the shell: a certificate signs, its authority is trusted, a pinned list revokes it."""

from __future__ import annotations

import subprocess

from tests.e2e.conftest import Equipped
from tests.support import ssh


def test_an_authority_is_trusted_until_a_pinned_list_revokes_the_certificate(
    served: Equipped,
) -> None:
    shell = served.shell
    for name, family in (("authority", "p256"), ("id", "ed25519")):
        (shell.work / name).touch(0o600)
        (shell.work / name).write_bytes(ssh.private_file(family))
        (shell.work / f"{name}.pub").write_text(ssh.public_line(family) + "\n")
    (shell.work / "allowed").write_text(f"*@example.org cert-authority {ssh.public_line('p256')}\n")
    (shell.work / "revoked").write_text("serial: 7\n")
    for arguments in (
        ("-s", "authority", "-I", "an id", "-n", "me@example.org", "-z", "7", "id.pub"),
        ("-k", "-f", "revoked.krl", "-s", "authority.pub", "revoked"),
    ):
        subprocess.run(["ssh-keygen", "-q", *arguments], cwd=shell.work, check=True)
    (shell.work / "file").write_bytes(b"a file\n")

    shell.good("sign", "file", "--as", "blob", "--key", "ssh:id-cert.pub", "--output", "out")
    assert _verdict(served) == ("untrusted", "not among the trusted")
    (authority,) = shell.good("trust", "pin", "allowed", "--compared", "--json").objects
    assert authority["kind"] == "ssh-authority"
    assert _verdict(served) == ("trusted", "does not say when")
    (listed,) = shell.good("trust", "pin", "revoked.krl", "--compared", "--json").objects
    assert listed["kind"] == "ssh-revocations"
    assert _verdict(served) == ("untrusted", "certificate was revoked")
    shell.good("trust", "unpin", listed["fingerprint"])
    assert _verdict(served)[0] == "trusted"


def _verdict(served: Equipped) -> tuple[str, str]:
    """Return the verdict, and which of the expected reasons it gives."""
    (found,) = served.shell.run("verify", "out/file", "--json").objects
    said = " ".join(found["reasons"])
    known = ("not among the trusted", "certificate was revoked", "does not say when")
    return found["verdict"], next(each for each in known if each in said)
