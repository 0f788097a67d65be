"""Mount table and lsblk, as documented and as anything else."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from signstation.app.media import mounted_media, parse_devices, parse_mounts
from signstation.system.programs import Programs

TABLE = (
    "36 35 8:17 / /run/media/me/MY\\040STICK ro,nosuid,nodev shared:1 - vfat /dev/sdb1 rw,x=y\n"
    "37 35 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "short line\n"
)
LISTING = {
    "blockdevices": [
        {
            "name": "sdb", "maj:min": "8:16", "hotplug": True, "label": None, "tran": "usb",
            "model": "Ultra Fit ", "serial": "4C53",
            "children": [{"name": "sdb1", "maj:min": "8:17", "hotplug": True, "label": "MY STICK",
                          "tran": None, "model": None, "serial": None}],
        }
    ]
}  # fmt: skip


def test_the_mount_table_is_read_as_documented() -> None:
    stick, disk = parse_mounts(TABLE)
    assert str(stick.place) == "/run/media/me/MY STICK"
    assert (stick.number, stick.file_system, stick.source) == ("8:17", "vfat", "/dev/sdb1")
    assert {"ro", "nosuid", "nodev"} <= stick.options
    assert "ro" not in disk.options


def test_a_partition_knows_of_its_disk() -> None:
    found = parse_devices(json.dumps(LISTING).encode())
    part = found["8:17"]
    assert (part["label"], part["model"], part["serial"]) == ("MY STICK", "Ultra Fit", "4C53")
    assert "label" not in found["8:16"]


@given(st.one_of(st.binary(max_size=40), st.recursive(
    st.none() | st.booleans() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["blockdevices", "children", "maj:min", "x"]), inner),
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_anything_from_lsblk_gives_no_crash(listing: bytes) -> None:
    parse_devices(listing)


@given(st.text(" -/:0\\4a,\n", max_size=80))
def test_any_table_gives_no_crash(table: str) -> None:
    for each in parse_mounts(table):
        assert each.number is not None


def test_this_machine_can_be_asked(tmp_path: Path) -> None:
    """Whatever is mounted here: no error, and nothing that is not carried about."""
    assert all(str(each.mount) != "/" for each in mounted_media(Programs(tmp_path)))
