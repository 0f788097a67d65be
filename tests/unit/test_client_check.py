"""The settings of a client: what lets in unsigned things is found, and nothing else is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.acceptance.clients import check_client, is_good
from signstation.acceptance.facts import FactFile, Risk
from signstation.app.clientfacts import MAX_FILE, collect, from_json, to_json
from signstation.app.doctor_client import client
from signstation.cli.main import main
from signstation.errors import ArtifactMalformed, PathMissing
from signstation.model.station import Health
from tests.support.openpgp import shared_certificate
from tests.support.station import schema

CONF = "/etc/apt/apt.conf.d/50x"
LIST = "/etc/apt/sources.list"
STANZA = "/etc/apt/sources.list.d/x.sources"
REPO = "/etc/yum.repos.d/x.repo"
DNF = "/etc/dnf/dnf.conf"
MACROS = "/etc/rpm/macros.x"
FLATPAK = "/var/lib/flatpak/repo/config"
POLICY = "/etc/containers/policy.json"
SIGNED = "deb [signed-by=/k.gpg] https://e.org/ s main\n"
GOOD_REPO = "[x]\nbaseurl=https://e.org/\ngpgcheck=1\nrepo_gpgcheck=1\n"

FOUND = {
    "nested": (CONF, 'Acquire {\n AllowInsecureRepositories "true";\n};', 2,
               "apt.allowinsecurerepositories"),
    "flat": (CONF, "// x\n/* a\nb */ APT::Get::AllowUnauthenticated 1;", 3,
             "apt.allowunauthenticated"),
    "dates": (CONF, "\nAcquire::Check-Valid-Until no;\n", 2, "apt.check-valid-until"),
    "host": (CONF, "Acquire::https::e.org::Verify-Peer false;", 1, "apt.verify-peer"),
    "not apt.conf": (CONF, 'Acquire { "', 0, "client.unreadable"),
    "trusted": (LIST, "# x\n" + SIGNED.replace("/k.gpg", "/k.gpg trusted=yes"), 2, "apt.trusted"),
    "plain http": (LIST, "deb http://e.org/ s main", 1, "apt.no-signed-by"),
    "stanza": (STANZA, "Types: deb\nURIs: http://e.org/\nSuites: s\nSigned-By: /k\n\n"
               "Types: deb\nURIs: https://e.org/\nSigned-By:\n -----\n .\nAllow-Insecure: yes\n",
               6, "apt.allow-insecure"),
    "dates of one": (STANZA, "URIs: https://e.org\nSigned-By: /k\nCheck-Valid-Until: no\n", 1,
                     "apt.check-valid-until"),
    "gpgcheck": (REPO, GOOD_REPO.replace("gpgcheck=1\nrepo", "gpgcheck = 0\nrepo"), 3,
                 "dnf.gpgcheck"),
    "gpgcheck unset": (REPO, "[x]\nbaseurl=https://e.org/\nrepo_gpgcheck=1\n", 1, "dnf.gpgcheck"),
    "sslverify": (REPO, GOOD_REPO + "sslverify=False\n", 5, "dnf.sslverify"),
    "level": (MACROS, "%x\n%_pkgverify_level none\n", 2, "rpm.level"),
    "flags": (MACROS, "%_pkgverify_flags 0x30000\n", 1, "rpm.flags"),
    "flags unread": (MACROS, "%_pkgverify_flags %{x}\n", 1, "rpm.flags"),
    "remote": (FLATPAK, '[core]\n[remote "x"]\nurl=https://e.org\ngpg-verify=false\n', 4,
               "flatpak.gpg-verify"),
    "anything": (POLICY, '{\n"default": [{"type": "insecureAcceptAnything"}]}', 2,
                 "containers.anything"),
    "scope": (POLICY, '{"default": [{"type": "reject"}], "transports": {"docker": {\n"e.org": '
              '[{"type": "insecureAcceptAnything"}]}}}', 2, "containers.anything"),
    "no policy": (POLICY, "[" * 100_000, 0, "client.unreadable"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FOUND))
def test_what_lets_things_in_is_found_with_its_line(name: str) -> None:
    path, content, line, code = FOUND[name]
    main_of_dnf = FactFile(DNF, b"[main]\nlocalpkg_gpgcheck=1\n")
    found = check_client([FactFile(path, content.encode()), main_of_dnf])
    assert [(each.code, each.path, each.line) for each in found] == [(code, path, line)]
    assert not is_good(found)
    assert found[0].mend


GOOD = {
    CONF: 'Acquire::AllowInsecureRepositories "false"; #clear Acquire::Check-Date;',
    LIST: SIGNED + "# deb [trusted=yes] http://e.org/ s main\n",
    STANZA: "Enabled: no\nURIs: http://e.org\nTrusted: yes\n",
    REPO: GOOD_REPO + "[off]\nenabled=0\ngpgcheck=0\n",
    DNF: "[main]\nlocalpkg_gpgcheck=True\n",
    MACROS: "%_pkgverify_level all\n%_pkgverify_flags 0x0\n",
    FLATPAK: '[remote "x"]\ngpg-verify=true\n',
    POLICY: '{"default": [{"type": "reject"}], "transports":'
    ' {"docker-daemon": {"": [{"type": "insecureAcceptAnything"}]}}}',
    "/etc/apt/trusted.gpg.d/debian-archive-trixie-stable.asc": "",
    "/usr/share/keyrings/unused.gpg": "no keyring, and no source names it",
    "/etc/apt/apt.conf.d/50x.bak": "APT::Get::AllowUnauthenticated 1;",
}


def test_good_settings_are_called_good() -> None:
    files = [FactFile(path, content.encode()) for path, content in GOOD.items()]
    assert check_client(files) == ()


def test_usual_settings_are_notes() -> None:
    files = {
        "/usr/lib/rpm/macros": "%_pkgverify_level\tdigest\n",
        LIST: "deb https://e.org/ s main",
        REPO: "[x]\ngpgcheck=1\n",
        DNF: "[main]\n",
    }
    found = check_client([FactFile(path, text.encode()) for path, text in files.items()])
    assert {each.risk for each in found} == {Risk.NOTE}
    assert len(found) == 4
    assert is_good(found)


def test_later_files_overrule_earlier_ones() -> None:
    bad, good = b'Acquire::Check-Date "false";', b'Acquire::Check-Date "true";'
    later = "/etc/apt/apt.conf.d/zz-signstation.conf"
    assert check_client([FactFile(later, good), FactFile(CONF, bad)]) == ()
    (found,) = check_client([FactFile("/etc/apt/apt.conf", bad), FactFile(later, good)])
    assert (found.path, found.drop_in) == ("/etc/apt/apt.conf", "")
    defaults = FactFile("/usr/lib/rpm/macros", b"%_pkgverify_level digest\n")
    mended = FactFile("/etc/rpm/macros.signstation", b"%_pkgverify_level all\n")
    assert check_client([mended, defaults]) == ()
    inherited = [FactFile(DNF, b"[main]\ngpgcheck=1\nlocalpkg_gpgcheck=1\nrepo_gpgcheck=1\n")]
    assert check_client([*inherited, FactFile(REPO, b"[x]\nbaseurl=https://e.org\n")]) == ()


def test_weak_keys_count_where_they_are_used() -> None:
    # A DSA key of version 4 with numbers of one bit: enough to be named.
    body = bytes.fromhex("0400000000110001010001010001010001 01".replace(" ", ""))
    weak = bytes((0x98, len(body))) + body
    path = "/usr/share/keyrings/x.gpg"
    assert check_client([FactFile(path, weak)]) == ()
    source = FactFile(STANZA, f"URIs: https://e.org\nSigned-By: {path}\n".encode())
    (found,) = check_client([FactFile(path, weak), source])
    assert (found.code, found.path) == ("keys.weak", path)
    assert "DSA" in found.evidence
    strong = FactFile("/etc/pki/rpm-gpg/x", shared_certificate().trusted.material)
    assert check_client([strong]) == ()
    codes = {each.code for each in check_client([FactFile("/etc/apt/trusted.gpg", weak)])}
    assert codes == {"keys.weak", "apt.key-for-all"}


PATHS = [CONF, LIST, STANZA, REPO, DNF, MACROS, FLATPAK, POLICY, "/etc/apt/trusted.gpg"]


@given(st.sampled_from(PATHS), st.one_of(
    st.binary(max_size=80),
    st.text(alphabet='[]{}"=:;#/* \n\tdebtrusyonx%_', max_size=80).map(str.encode)))  # fmt: skip
def test_no_content_is_too_odd(path: str, content: bytes) -> None:
    for each in check_client([FactFile(path, content)]):
        assert each.path == path
        assert 0 <= each.line <= content.count(b"\n") + 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("piece", [b" ", b"/* ", b"x", b"[", b"] ", b"a b", b"\n x", b"{", b"a;"])
def test_no_content_takes_long(path: str, piece: bytes) -> None:
    content = (piece * (30_000 // len(piece)))[:30_000]
    for start in (b"", b"[x]\n", b"deb ", b"URIs: x\n"):
        check_client([FactFile(path, start + content)])


def test_facts_travel_and_are_read_strictly(tmp_path: Path) -> None:
    (tmp_path / "etc/apt/apt.conf.d").mkdir(parents=True)
    (tmp_path / CONF[1:]).write_bytes(b"\xff\n")
    (tmp_path / "etc/apt/auth.conf.d").mkdir()
    (tmp_path / "etc/apt/auth.conf.d/secret").write_text("password")
    (tmp_path / "etc/apt/apt.conf.d/out").symlink_to("/etc/hostname")
    (tmp_path / "etc/apt/apt.conf.d/loop").symlink_to("loop")
    (tmp_path / "etc/apt/apt.conf.d/big").write_bytes(b" " * (MAX_FILE + 1))
    os.mkfifo(tmp_path / "etc/apt/apt.conf.d/pipe")
    facts = collect(tmp_path)
    assert [each.path for each in facts.files] == [CONF]
    assert [name.rpartition("/")[2] for name, _ in facts.left_out] == ["big", "loop", "out", "pipe"]
    plain = to_json(facts)
    schema("client-facts").validate(plain)
    assert from_json(json.dumps(plain).encode()) == facts
    with pytest.raises(PathMissing):
        collect(tmp_path / "missing")


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"[" * 100_000, b'{"schema": 2}',
     b'{"schema":1,"type":"client-facts","files":[{"path":"x","content":""}],"left_out":[]}',
     b'{"schema":1,"type":"client-facts","files":[{"path":"/x","content":"?"}],"left_out":[]}',
     b'{"schema":1,"type":"client-facts","files":[{"path":"/x","content":""},'
     b'{"path":"/x","content":""}],"left_out":[]}'],
    ids=str,
)  # fmt: skip
def test_other_facts_are_refused(content: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        from_json(content)


def test_the_command_says_where_and_what_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    path = root / CONF[1:]
    path.parent.mkdir(parents=True)
    path.write_text('Acquire::Check-Date "false"; // \x1b[31m\n')
    facts = tmp_path / "facts.json"
    assert main(["client", "check", "--root", str(root)]) == 1
    said = capsys.readouterr().out
    assert f"{CONF}:1" in said
    assert 'zz-signstation.conf: Acquire::Check-Date "true";' in said
    assert "\x1b" not in said
    assert main(["client", "collect", "--root", str(root), "--output", str(facts)]) == 0
    assert main(["client", "collect", "--root", str(root), "--output", str(facts)]) == 2
    capsys.readouterr()
    assert main(["client", "check", "--facts", str(facts), "--json"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    schema("finding").validate(json.loads(line))
    path.unlink()
    assert main(["client", "check", "--root", str(root)]) == 0
    assert "Nothing to mend" in capsys.readouterr().out


def test_the_doctor_tells_the_worst(tmp_path: Path) -> None:
    path = tmp_path / POLICY[1:]
    path.parent.mkdir(parents=True)
    path.write_text(GOOD[POLICY])
    assert client(tmp_path).health is Health.GOOD
    path.write_text(FOUND["anything"][1])
    row = client(tmp_path)
    assert (row.health, dict(row.title.values)["count"]) == (Health.WARNING, "1")
    assert POLICY in row.detail.english()
    assert row.remedy
    assert client(tmp_path / "missing").health is Health.WARNING
