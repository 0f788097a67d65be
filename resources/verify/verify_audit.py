#!/usr/bin/env python3
"""Checks a proof or an export of signstation's audit log without signstation.

    verify_audit.py PROOF.json [--verifier KEY]      also audit-proofs.json of a release
    verify_audit.py DIRECTORY [--verifier KEY] [--against CHECKPOINT ...]

Needs Python 3.9 and OpenSSL 3 (for Ed25519) and nothing else. A proof says that one record stands
in the log that a checkpoint covers; an export is the whole log. KEY is the audit key as the
station shows it (NAME+HASH+BASE64): without it the key beside the proof is taken, which proves
nothing about who made it. Forms: RFC 6962 section 2.1, C2SP signed-note and tlog-checkpoint.
Status: 0 good, 1 not.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: SubjectPublicKeyInfo of Ed25519
DASH = "\u2014 "
MAX_FILE = 1 << 30


class Refused(Exception):
    """Why something is not proven."""


def read(path: Path) -> bytes:
    """Return a file's content."""
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise Refused(f"{path}: too large")
    return data


def leaf_hash(record: bytes) -> bytes:
    """RFC 6962: the hash of a leaf."""
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962: the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962: the tree head over leaf hashes."""
    level = list(leaves)
    while len(level) > 1:
        pairs = [node_hash(a, b) for a, b in zip(level[::2], level[1::2])]
        level = pairs + (level[-1:] if len(level) % 2 else [])
    return level[0] if level else hashlib.sha256().digest()


def root_of_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.3.2: the tree head that an inclusion path leads to."""
    if not 0 <= index < size:
        raise Refused("the record's number is outside the log")
    place, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            raise Refused("the path is too long")
        if place & 1 or place == last:
            found = node_hash(each, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, each)
        place, last = place >> 1, last >> 1
    if last:
        raise Refused("the path is too short")
    return found


def key_of(verifier: str) -> tuple[str, bytes, bytes]:
    """Return name, key hash and raw public key of NAME+HASH+BASE64."""
    try:
        name, digest, encoded = verifier.strip().split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise Refused("the verifier is not NAME+HASH+BASE64") from error
    expected = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    if len(typed) != 33 or typed[0] != 1 or digest != expected.hex():
        raise Refused("the verifier's hash is not that of its key, or it is not Ed25519")
    return name, expected, typed[1:]


def openssl_agrees(key: bytes, message: bytes, signature: bytes) -> bool:
    """Ask OpenSSL; its words are read, not its status alone."""
    with tempfile.TemporaryDirectory() as scratch:
        files = {"key": SPKI + key, "message": message, "signature": signature}
        for name, data in files.items():
            (Path(scratch) / name).write_bytes(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key"]
        command += ["-rawin", "-in", "message", "-sigfile", "signature"]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    return done.returncode == 0 and "Signature Verified Successfully" in done.stdout


def checkpoint(text: str, verifier: str) -> tuple[int, bytes]:
    """Return size and root of a checkpoint that the key signed."""
    name, key_hash, key = key_of(verifier)
    body, separator, signatures = text.rpartition("\n\n")
    lines = body.split("\n")
    if not separator or len(lines) < 3 or lines[0] != name:
        raise Refused("not a checkpoint of this log")
    for line in signatures.splitlines():
        signer, _, encoded = line[len(DASH) :].partition(" ")
        if not line.startswith(DASH) or signer != name:
            continue
        data = base64.b64decode(encoded, validate=True)
        if data[:4] == key_hash and openssl_agrees(key, f"{body}\n".encode(), data[4:]):
            return int(lines[1]), base64.b64decode(lines[2], validate=True)
    raise Refused("the checkpoint is not signed by the audit key")


def check_proof(path: Path, verifier: str) -> str:
    """Check that a record stands in the log, or all of a release, each by its file's SHA-256."""
    document = json.loads(read(path))
    size, root = checkpoint(document["checkpoint"], verifier or document["verifier"])
    said = []
    for proof in document.get("proofs", [document]):
        hashes = [bytes.fromhex(each) for each in proof["path"]]
        found = root_of_path(leaf_hash(proof["record"].encode()), proof["index"], size, hashes)
        if found != root:
            raise Refused("a record does not stand in the log that the checkpoint covers")
        if document is proof:
            return f"record {proof['index']} of {size} stands in the log:\n{proof['record']}"
        record = json.loads(proof["record"])
        if (record["event"], record["sha256"]) != ("published", proof["sha256"]):
            raise Refused("a record is not about the publication of its file")
        said.append(f"proven {record['sha256']} record {proof['index']} of {size}")
    return "\n".join(said)


def check_log(directory: Path, verifier: str, against: list[Path]) -> str:
    """Check an export, and earlier checkpoints against it."""
    records = read(directory / "records.jsonl").split(b"\n")
    if records.pop() != b"":
        raise Refused("the last record is cut off")
    leaves = [leaf_hash(each) for each in records]
    key = verifier or read(directory / "verifier.txt").decode()
    for path in (directory / "checkpoint.txt", *against):
        size, root = checkpoint(read(path).decode(), key)
        if size > len(leaves):
            raise Refused(f"{path.name}: the log was longer, records were removed")
        if root_hash(leaves[:size]) != root:
            raise Refused(f"{path.name}: records before number {size} were changed")
    return f"{len(leaves)} records hang together and are those of every checkpoint"


def main() -> int:
    """Check what is named and say it in a line."""
    parser = argparse.ArgumentParser(description="Check a proof or export of an audit log.")
    parser.add_argument("what", type=Path)
    parser.add_argument("--verifier", default="")
    parser.add_argument("--against", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    try:
        if given.what.is_dir():
            said = check_log(given.what, given.verifier, given.against)
        else:
            said = check_proof(given.what, given.verifier)
    except (Refused, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"NOT PROVEN: {str(error)!a}")
        return 1
    print(ascii(said).strip("'\"").replace("\\n", "\n"))
    if not given.verifier:
        print("The key was taken from beside it: compare it with the one that the station shows.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
