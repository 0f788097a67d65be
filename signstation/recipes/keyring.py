"""Packages that bring a keyring, and the repository it is for: a ``.deb``, and the spec of an RPM.

Equal values make equal bytes: nothing of this machine, its users or its clock gets in.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

from signstation.codec.ar import MAGIC, member
from signstation.recipes import apt, dnf, values
from signstation.recipes.apt import AptSource
from signstation.recipes.certificates import Certificates
from signstation.recipes.dnf import DnfSource

MAX_TIME = 2**32 - 1
"""Latest build time in Unix seconds: rpm's tag BUILDTIME has 32 bits."""


@dataclass(frozen=True, slots=True)
class KeyringPackage:
    """What both kinds of package say; ``time`` is the build time in Unix seconds."""

    package: str
    version: str
    title: str
    maintainer: str
    time: int

    def __post_init__(self) -> None:
        """Refuse values that do not fit their grammar. Raises UsageError."""
        values.package(self.package)
        values.version(self.version)
        values.title(self.title)
        values.maintainer(self.maintainer)
        values.moment(self.time, MAX_TIME)

    @property
    def deb_name(self) -> str:
        """Name of the Debian package's file."""
        return f"{self.package}_{self.version}_all.deb"

    @property
    def rpm_name(self) -> str:
        """Name of the RPM's file."""
        return f"{self.package}-{self.version}-1.noarch.rpm"


def deb(order: KeyringPackage, certificates: Certificates, source: AptSource | None) -> bytes:
    """Return an unsigned Debian package with the binary keyring and, if given, its ``.sources``.

    No maintainer script, so nothing runs as root; deb(5), deb-control(5).
    """
    keyring = f"{apt.KEYRINGS}/{order.package}.gpg"
    files = {keyring: certificates.binary}
    control = {"control": _control(order, files).encode()}
    if source is not None:
        place = f"{apt.SOURCES}/{source.name}.sources"
        files[place] = apt.by_path(source, keyring).encode("ascii")
        control = {
            "conffiles": f"{place}\n".encode("ascii"),
            "control": _control(order, files).encode(),
        }
    control["md5sums"] = _md5sums(files)
    return b"".join(
        (
            MAGIC,
            member("debian-binary", b"2.0\n"),
            member("control.tar.gz", _tar(control, order.time)),
            member("data.tar.gz", _tar(files, order.time)),
        )
    )


def rpm_files(
    order: KeyringPackage, certificates: Certificates, source: DnfSource | None
) -> Mapping[str, bytes]:
    """Return what rpmbuild needs, by name: the spec first, then the files that it packs."""
    key = dnf.key_name(source.name if source else order.package)
    files = {key: certificates.armored}
    packed = [f"install -D -m 644 %{{_sourcedir}}/{key} %{{buildroot}}{dnf.KEYS}/{key}"]
    listed = [f"{dnf.KEYS}/{key}"]
    if source is not None:
        name = f"{source.name}.repo"
        files[name] = dnf.section(source).encode()
        target = f"{dnf.REPOSITORIES}/{name}"
        packed.append(f"install -D -m 644 %{{_sourcedir}}/{name} %{{buildroot}}{target}")
        listed.append(f"%config(noreplace) {target}")
    lines = (
        f"Name: {order.package}",
        f"Version: {order.version}",
        "Release: 1",
        f"Summary: {order.title}",
        "License: LicenseRef-Public-Key",
        f"Packager: {order.maintainer}",
        "BuildArch: noarch",
        "%description",
        f"{order.title}.",
        "%install",
        *packed,
        "%files",
        *listed,
    )
    return {f"{order.package}.spec": "".join(f"{each}\n" for each in lines).encode(), **files}


def _control(order: KeyringPackage, files: Mapping[str, bytes]) -> str:
    kibibytes = sum(-(-len(each) // 1024) for each in files.values())
    return (
        f"Package: {order.package}\n"
        f"Version: {order.version}\n"
        "Architecture: all\n"
        f"Maintainer: {order.maintainer}\n"
        f"Installed-Size: {kibibytes}\n"
        "Section: misc\n"
        "Priority: optional\n"
        "Multi-Arch: foreign\n"
        f"Description: {order.title}\n"
    )


def _md5sums(files: Mapping[str, bytes]) -> bytes:
    """Return what ``dpkg --verify`` compares: a check of disks, not of anybody's honesty."""
    lines = (
        f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}  {path.lstrip('/')}\n"
        for path, content in sorted(files.items())
    )
    return "".join(lines).encode("ascii")


def _tar(files: Mapping[str, bytes], time: int) -> bytes:
    """Return a gzip of a tar with the files and all directories above them, owned by root."""
    names = {path.strip("/"): content for path, content in files.items()}
    above = {
        "/".join(each.split("/")[:depth])
        for each in names
        for depth in range(1, each.count("/") + 1)
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for each in ("", *sorted({*above, *names})):
            entry = tarfile.TarInfo(f"./{each}")
            entry.mtime, entry.uname, entry.gname = time, "root", "root"
            content = names.get(each)
            entry.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            entry.mode = 0o755 if content is None else 0o644
            entry.size = len(content or b"")
            archive.addfile(entry, io.BytesIO(content or b""))
    return gzip.compress(buffer.getvalue(), mtime=0)
