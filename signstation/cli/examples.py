"""The examples of every ``--help``: shown there, and run one by one by a test.

They speak of the same small release: ``release/`` with an RPM, kernel modules and a tarball, an
OpenPGP key of ``release@example.org`` and ``modules.pem``, a key with its certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A line for a shell and what it does."""

    line: str
    says: str


EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "signstation": (
        Example("signstation demo --output demo", "See everything at work with throw-away keys."),
    ),
    "signstation sign": (
        Example(
            "signstation sign release --key 'gpg:<release@example.org>' --key file:modules.pem",
            "Sign what is recognised in a directory, each file with the key that fits it.",
        ),
        Example(
            "signstation sign release --key 'gpg:<release@example.org>' --key file:modules.pem"
            " --only-new --output newly",
            "Leave out what these keys have signed already.",
        ),
        Example(
            "signstation sign release/hello-1.0.tar.gz --as blob:openpgp"
            " --key 'gpg:<release@example.org>' --output out",
            "Write a detached signature beside a copy of any file.",
        ),
        Example(
            "signstation sign release/hello.ko --key file:protected.pem --secret-fd 3"
            " --output unattended 3<passphrase.txt",
            "Take the passphrase from a file descriptor.",
        ),
    ),
    "signstation checksums": (
        Example(
            "signstation checksums downloads --key 'gpg:<release@example.org>'",
            "Write downloads/SHA256SUMS and its signature.",
        ),
    ),
    "signstation verify": (
        Example("signstation verify signed", "Verify a directory against this station's keys."),
        Example(
            "signstation verify signed/hello.ko --trust modules.crt --at 2030-01-01",
            "Trust only the named certificate, as of a day.",
        ),
    ),
    "signstation inspect": (
        Example("signstation inspect release/hello.ko", "See what is inside before signing."),
    ),
    "signstation diff": (
        Example(
            "signstation diff release/hello.ko signed/hello.ko",
            "See what changed in meaning between two versions.",
        ),
    ),
    "signstation formats": (
        Example("signstation formats", "List formats, their signature types and options."),
    ),
    "signstation key": (Example("signstation key list", "List the keys that can sign."),),
    "signstation key generate": (
        Example(
            "signstation key generate openpgp --name 'Demo <demo@example.org>' --protect none",
            "Make an OpenPGP key without asking anything.",
        ),
    ),
    "signstation key generate openpgp": (
        Example(
            "signstation key generate openpgp --name 'Team <team@example.org>' --expires 2y"
            " --secret-fd 3 3<passphrase.txt",
            "Make a key with a passphrase that comes from a file descriptor.",
        ),
    ),
    "signstation key generate x509": (
        Example(
            "signstation key generate x509 --name 'Example modules' --usage modules"
            " --protect none --output keys",
            "Make a key and certificate for kernel modules only.",
        ),
    ),
    "signstation key generate ssh": (
        Example(
            "signstation key generate ssh --name team@example.org --protect none --output keys",
            "Make an Ed25519 key for SSH signatures of files.",
        ),
    ),
    "signstation key certificate": (
        Example(
            "signstation key certificate request --key 'pkcs11:token=Release;id=%01'"
            " --name 'Example HSM' --output hsm --secret-fd 3 3<pin.txt",
            "Write a certificate request that a key in an HSM signs.",
        ),
    ),
    "signstation key certificate openpgp": (
        Example(
            "signstation key certificate openpgp --key 'pkcs11:token=Release;object=release'"
            " --name 'Release HSM <hsm@example.org>' --output hsm --secret-fd 3 3<pin.txt",
            "Give a key in an HSM an OpenPGP certificate; the PIN comes from a file descriptor.",
        ),
    ),
    "signstation key certificate x509": (
        Example(
            "signstation key certificate x509 --key 'pkcs11:token=Release;object=release'"
            " --name 'Example HSM modules' --usage modules --output hsm --secret-fd 3 3<pin.txt",
            "Give it a certificate for kernel modules.",
        ),
    ),
    "signstation key certificate request": (
        Example(
            "signstation key certificate request --key 'pkcs11:token=Release;object=release'"
            " --name 'Example release' --output hsm --secret-fd 3 3<pin.txt",
            "Write a request that an authority makes a certificate of.",
        ),
    ),
    "signstation key list": (
        Example("signstation key list --json", "List the keys, one JSON object per line."),
    ),
    "signstation key tokens": (
        Example("signstation key tokens", "See which cards are inserted and the tries left."),
    ),
    "signstation key import": (
        Example("signstation key import protected.pem", "Take a key file into the station."),
    ),
    "signstation key export": (
        Example(
            "signstation key export 'gpg:<release@example.org>' --output public",
            "Write the public half in the forms that others fetch.",
        ),
    ),
    "signstation trust": (
        Example("signstation trust list", "List what this station trusts, and since when."),
    ),
    "signstation trust list": (
        Example("signstation trust list --json", "List the anchors, one JSON object per line."),
    ),
    "signstation trust show": (
        Example("signstation trust show modules.crt", "See what a file would have pinned."),
    ),
    "signstation trust pin": (
        Example(
            "signstation trust pin modules.crt --compared --purpose kernel-modules",
            "Trust a certificate for kernel modules, once its fingerprint was compared.",
        ),
    ),
    "signstation trust unpin": (
        Example(
            "signstation trust unpin modules.crt --dry-run",
            "See what would stop being verified before it is unpinned.",
        ),
    ),
    "signstation profile": (
        Example("signstation profile list", "List the profiles that --profile takes."),
    ),
    "signstation profile list": (
        Example("signstation profile list", "List the profiles that --profile takes."),
    ),
    "signstation profile delete": (
        Example("signstation profile delete old", "Take one out of your settings."),
    ),
    "signstation job": (Example("signstation job list", "List the jobs, newest first."),),
    "signstation job list": (Example("signstation job list", "List the jobs, newest first."),),
    "signstation job show": (Example("signstation job show 1", "Show a job's artifacts."),),
    "signstation job resume": (
        Example("signstation job resume", "Go on with everything that was interrupted."),
    ),
    "signstation job retry": (
        Example("signstation job retry 1", "Try the failed artifacts of a job again."),
    ),
    "signstation job pause": (
        Example("signstation job pause --all", "Hold back everything that waits in the queue."),
    ),
    "signstation job unpause": (
        Example("signstation job unpause --all", "Let it go on, and wait for the end."),
    ),
    "signstation job cancel": (
        Example("signstation job cancel 1", "Stop a job; what is published stays."),
    ),
    "signstation report": (
        Example(
            "signstation report signed --output evidence --key 'gpg:<release@example.org>'",
            "Write what others need to check a release, and sign the report.",
        ),
    ),
    "signstation recipe": (
        Example(
            "signstation recipe public-key --key 'gpg:<release@example.org>' --name example"
            " --output web",
            "Write what a web server gives out of a key.",
        ),
    ),
    "signstation recipe apt": (
        Example(
            "signstation recipe apt --key 'gpg:<release@example.org>' --name example"
            " --url https://repo.example.org/debian --component main --output clients",
            "Write a source with its key inside.",
        ),
    ),
    "signstation recipe apt-oneline": (
        Example(
            "signstation recipe apt-oneline --key 'gpg:<release@example.org>' --name old"
            " --url https://repo.example.org/debian --component main --output clients",
            "Write the one-line form and the keyring that it names.",
        ),
    ),
    "signstation recipe dnf": (
        Example(
            "signstation recipe dnf --key 'gpg:<release@example.org>' --name example"
            " --title 'Example packages' --url https://repo.example.org/rpm --output clients",
            "Write a .repo file that wants packages and metadata signed.",
        ),
    ),
    "signstation recipe debsig": (
        Example(
            "signstation recipe debsig --key 'gpg:<release@example.org>' --name example"
            " --title 'Example packages' --output clients",
            "Write the policy with which debsig-verify accepts this key.",
        ),
    ),
    "signstation recipe public-key": (
        Example(
            "signstation recipe public-key --key 'gpg:<release@example.org>' --name keys"
            " --output keys",
            "Write the key in all forms in which consumers fetch it.",
        ),
    ),
    "signstation recipe keyring-deb": (
        Example(
            "signstation recipe keyring-deb --key 'gpg:<release@example.org>'"
            " --name example-keyring --title 'Keys of Example'"
            " --maintainer 'Example <release@example.org>'"
            " --sign-key 'gpg:<release@example.org>' --output clients",
            "Build and sign a package that brings the keyring.",
        ),
    ),
    "signstation recipe keyring-rpm": (
        Example(
            "signstation recipe keyring-rpm --key 'gpg:<release@example.org>'"
            " --name example-keyring --title 'Keys of Example' --url https://repo.example.org/rpm"
            " --maintainer 'Example <release@example.org>' --output clients",
            "Build an RPM with the key and the .repo file that names it.",
        ),
    ),
    "signstation client": (
        Example(
            "signstation client collect --output this-machine.json",
            "Write down what decides what this machine accepts.",
        ),
    ),
    "signstation client check": (
        Example(
            "signstation client check --root client", "Look at a system that is unpacked there."
        ),
    ),
    "signstation client collect": (
        Example(
            "signstation client collect --root client --output client.json",
            "Carry the facts of a machine to another one.",
        ),
    ),
    "signstation lint": (
        Example(
            "signstation lint debian --client deb12 --client deb13",
            "See what apt of two versions will say of a repository.",
        ),
    ),
    "signstation station": (
        Example("signstation station prune --older-than 90d", "See what old things take room."),
    ),
    "signstation station backup": (
        Example(
            "signstation station backup saved.backup --secret-fd 3 3<passphrase.txt",
            "Save the whole state, encrypted, with a passphrase from a file descriptor.",
        ),
    ),
    "signstation station restore": (
        Example(
            "signstation station restore saved.backup --secret-fd 3 3<passphrase.txt",
            "Bring a saved state to a station that is empty.",
        ),
    ),
    "signstation station prune": (
        Example(
            "signstation station prune --older-than 1y",
            "Say what would be removed; --apply removes it.",
        ),
    ),
    "signstation audit": (
        Example("signstation audit check", "Recompute the log of what was done here."),
    ),
    "signstation audit list": (
        Example("signstation audit list --limit 20", "List the newest records."),
        Example(
            "signstation audit list --kind key-use --key gpg: --since 2026-11-01",
            "List when keys of GnuPG were used since then.",
        ),
    ),
    "signstation audit check": (
        Example(
            "signstation audit check --output checkpoint.txt",
            "Recompute the log and write a checkpoint to be kept elsewhere.",
        ),
    ),
    "signstation audit show": (
        Example("signstation audit show 0", "Show the first record with all that it holds."),
    ),
    "signstation audit prove": (
        Example(
            "signstation audit prove 0 --output proof.json",
            "Write what proves that the first record stands in the log.",
        ),
    ),
    "signstation audit export": (
        Example("signstation audit export audit-log", "Write the log with its own verifier."),
    ),
    "signstation doctor": (
        Example("signstation doctor", "See what this machine has and what it lacks."),
    ),
    "signstation demo": (
        Example("signstation demo --output demo", "Sign and verify a small release."),
    ),
    "signstation completion": (
        Example("signstation completion bash > completion.bash", "Write the completion script."),
    ),
}


def epilog(command_path: str) -> str:
    """Return the examples of a command as lines for its help."""
    lines = ["Examples:"]
    for each in EXAMPLES[command_path]:
        lines += [f"  # {each.says}", f"  {each.line}"]
    return "\n".join(lines)
