"""Signing with keys of real GnuPG homes: equal bytes, lost agents, secrets, and gpgv's opinion."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest

from signstation.errors import (
    AgentMissing,
    Cancelled,
    KeyChanged,
    KeyNotFound,
    KeyStoreFailed,
    PassphraseWrong,
    SchemeUnsupported,
    SecretMissing,
    SignstationError,
)
from signstation.interfaces.keystore import InMemory
from signstation.keystores.gnupg import KEYSTORE, UNLOCK_ABOVE
from signstation.model.asks import Literal, Part, Range, ToSign
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyRef, Protection, Scheme, SignatureType, SignerProfile, Slot
from signstation.model.prompts import PromptKind
from signstation.signatures.openpgp_sign import sign_openpgp
from tests.support.contract_keystores import CANCEL, ScriptedKeyContext, ask_for
from tests.support.gnupg import GPGV, GnupgHome, TestKey
from tests.support.gnupg_agent import CUT, FaultyAgent, RecordingPrograms, context

ALGORITHMS = ("ed25519", "rsa2048", "nistp256", "nistp384", "nistp521")
MANY = UNLOCK_ABOVE + 1


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as made:
        yield made


def profile_of(key: TestKey, ctx: ScriptedKeyContext) -> SignerProfile:
    return KEYSTORE.profile(KeyRef("gpg", key.primary), (), ctx)


def asks_for(profile: SignerProfile, count: int) -> list[ToSign]:
    schemes = profile.schemes
    return [ask_for(schemes[n % len(schemes)], b"%d" % n) for n in range(count)]


def sign(
    profile: SignerProfile, asks: Sequence[ToSign], ctx: ScriptedKeyContext, count: int = 0
) -> list[bytes]:
    with KEYSTORE.open(profile, count or len(asks), ctx) as key:
        answers = list(key.sign(asks))
    errors = [each for each in answers if isinstance(each, SignstationError)]
    assert errors == []
    return [each for each in answers if isinstance(each, bytes)]


@pytest.mark.parametrize("passphrase", ["", "pässword % \\ '"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_in_our_memory_makes_the_agents_bytes(
    home: GnupgHome, tmp_path: Path, algorithm: str, passphrase: str
) -> None:
    key = home.generate(algorithm, passphrase=passphrase)
    home.kill_agent()
    answers = [passphrase.encode()] * bool(passphrase)
    inside = context(home, tmp_path, *answers, batch_unlock=False)
    profile = profile_of(key, inside)
    asks = asks_for(profile, MANY)
    by_agent = sign(profile, asks, inside)
    taken = context(home, tmp_path, *answers)
    assert sign(profile, asks, taken) == by_agent
    assert len(inside.prompts) == len(taken.prompts if passphrase else []) == bool(passphrase)


@pytest.mark.parametrize("batch_unlock", [True, False])
def test_one_passphrase_and_no_gpg_serve_a_batch(
    home: GnupgHome,
    tmp_path: Path,
    batch_unlock: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    key = home.generate(passphrase="secret-passphrase")
    home.kill_agent()
    ctx = context(home, tmp_path, b"secret-passphrase", batch_unlock=batch_unlock)
    profile = profile_of(key, ctx)
    programs = ctx.programs
    assert isinstance(programs, RecordingPrograms)
    with KEYSTORE.open(profile, 64, ctx) as opened:
        assert isinstance(opened, InMemory) is batch_unlock
        before = len(programs.commands)
        for _ in range(3):
            assert all(isinstance(a, bytes) for a in opened.sign(asks_for(profile, 20)))
        assert len(programs.commands) == before
    (prompt,) = ctx.prompts
    assert prompt.kind is PromptKind.PASSPHRASE
    assert prompt.name == f"passphrase gpg:{key.primary}"
    assert prompt.key == f"gpg:{key.primary}"
    assert "secret-passphrase" not in repr(programs.commands)


def test_the_agent_keeps_a_passphrase_as_after_any_gpg(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate(passphrase="pw")
    home.kill_agent()
    ctx = context(home, tmp_path, b"pw")
    profile = profile_of(key, ctx)
    assert profile.prompts
    sign(profile, asks_for(profile, 1), ctx)
    assert not profile_of(key, ctx).prompts
    sign(profile, asks_for(profile, 1), ctx)
    assert len(ctx.prompts) == 1
    # a batch would be asked for, so that it is fast; with nobody there the agent signs, slowly
    sign(profile, asks_for(profile, MANY), ctx)
    assert len(ctx.prompts) == 2
    ctx.answers.append(CANCEL)
    with pytest.raises(Cancelled):
        sign(profile, asks_for(profile, MANY), ctx)


def test_an_agent_that_forgets_is_given_the_passphrase_again(
    home: GnupgHome, tmp_path: Path
) -> None:
    key = home.generate(passphrase="pw")
    home.kill_agent()
    ctx = context(home, tmp_path, b"pw", batch_unlock=False)
    profile = profile_of(key, ctx)
    asks = asks_for(profile, 6)
    expected = sign(profile, asks, ctx)
    ctx.answers.append(b"pw")
    home.kill_agent()
    with KEYSTORE.open(profile, 6, ctx) as opened:
        answers = opened.sign(asks)
        found = list(islice(answers, 2))
        home.kill_agent()
        found += list(answers)
    assert found == expected
    assert len(ctx.prompts) == 2  # one for each opening


def test_cancelled_or_wrong_in_the_middle_ends_the_batch_without_more_prompts(
    home: GnupgHome, tmp_path: Path
) -> None:
    key = home.generate(passphrase="pw")
    home.kill_agent()
    ctx = context(home, tmp_path, b"pw", batch_unlock=False)
    profile = profile_of(key, ctx)
    sign(profile, asks_for(profile, 1), ctx)  # now the agent knows it, and open does not ask
    for spoil, expected in (((CANCEL,), Cancelled), ((b"a", b"b", b"c"), PassphraseWrong)):
        sign(profile, asks_for(profile, 1), ctx)
        ctx.answers[:] = spoil
        ctx.prompts.clear()
        with KEYSTORE.open(profile, 4, ctx) as opened:
            home.gpg("--version")
            subprocess.run(
                ["gpg-connect-agent", "--homedir", str(home.path), "RELOADAGENT", "/bye"],
                check=True,
                capture_output=True,
            )
            answers = list(opened.sign(asks_for(profile, 4)))
        assert [type(each) for each in answers] == [expected] * 4
        assert len(ctx.prompts) == len(spoil)
        ctx.answers[:] = [b"pw"]


def test_nobody_to_ask_is_an_error_that_names_the_prompt(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate(passphrase="pw")
    home.kill_agent()
    for count in (1, MANY):
        ctx = context(home, tmp_path)
        profile = profile_of(key, ctx)
        with pytest.raises(SecretMissing) as caught:
            sign(profile, asks_for(profile, count), ctx)
        assert caught.value.prompt == f"passphrase gpg:{key.primary}"


def test_an_empty_answer_is_a_wrong_passphrase(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate(passphrase="pw")
    home.kill_agent()
    for batch_unlock in (True, False):
        ctx = context(home, tmp_path, b"", b"", b"pw", batch_unlock=batch_unlock)
        profile = profile_of(key, ctx)
        sign(profile, asks_for(profile, MANY), ctx)
        assert [each.tries_left for each in ctx.prompts] == [3, 2, 1]


def test_a_lost_connection_is_made_anew_once(home: GnupgHome, tmp_path: Path) -> None:
    """The agent dies at the tenth signature: everything is answered, and in order."""
    key = home.generate()
    ctx = context(home, tmp_path)
    profile = profile_of(key, ctx)
    asks = asks_for(profile, 64)
    expected = sign(profile, asks, ctx)

    def dies_at_ten(line: str, count: Counter[str]) -> bytes | None:
        return CUT if line == "PKSIGN" and count["PKSIGN"] == 10 else None

    with FaultyAgent(home.path / "S.faulty", dies_at_ten, home.socket()) as agent:
        assert sign(profile, asks, context(home, tmp_path, agent_socket=agent.path)) == expected
        assert agent.count["PKSIGN"] >= 64


def test_an_agent_that_dies_again_and_again_is_missing(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate()
    ctx = context(home, tmp_path)
    profile = profile_of(key, ctx)

    def dies(line: str, _: Counter[str]) -> bytes | None:
        return CUT if line == "PKSIGN" else None

    with FaultyAgent(home.path / "S.faulty", dies, home.socket()) as agent:
        faulty = context(home, tmp_path, agent_socket=agent.path)
        with KEYSTORE.open(profile, 3, faulty) as opened:
            connections = agent.connections
            answers = list(opened.sign(asks_for(profile, 3)))
            assert [type(each) for each in answers] == [AgentMissing] * 3
            assert {e.key for e in answers if isinstance(e, AgentMissing)} == {str(profile.key)}
            assert agent.connections == connections + 1
            assert all(isinstance(each, AgentMissing) and each.retryable for each in answers)


def test_an_abandoned_batch_leaves_no_answers_behind(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate()
    ctx = context(home, tmp_path)
    profile = profile_of(key, ctx)
    asks = asks_for(profile, 20)
    expected = sign(profile, asks, ctx)
    with KEYSTORE.open(profile, 64, ctx) as opened:
        first = opened.sign(asks)
        assert next(first) == expected[0]
        assert hasattr(first, "close")
        first.close()
        assert list(opened.sign(asks[5:])) == expected[5:]


def test_a_key_that_was_deleted_is_not_found(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate()
    ctx = context(home, tmp_path)
    profile = profile_of(key, ctx)
    with KEYSTORE.open(profile, 2, ctx) as opened:
        (path,) = (home.path / "private-keys-v1.d").iterdir()
        path.rename(home.path / "away")
        answers = list(opened.sign(asks_for(profile, 2)))
    assert [type(each) for each in answers] == [KeyNotFound] * 2
    with pytest.raises(KeyNotFound), KEYSTORE.open(profile, 1, ctx):
        pytest.fail("a key that is not there is not opened")
    (home.path / "away").rename(path)
    sign(profile, asks_for(profile, 1), ctx)


def test_another_private_key_under_the_same_name_is_seen(home: GnupgHome, tmp_path: Path) -> None:
    """Somebody puts another key into the agent's file: it is not signed with."""
    key, other = home.generate(), home.generate(name="Other <o@example.org>")
    ctx = context(home, tmp_path)
    profile, foreign = profile_of(key, ctx), profile_of(other, ctx)
    files = {}
    for path in (home.path / "private-keys-v1.d").iterdir():
        own = foreign.spki[-32:] in path.read_bytes() or foreign.spki[-32:].hex().upper() in (
            path.read_text(errors="replace").replace("\n", "").replace(" ", "")
        )
        files["other" if own else "own"] = path
    files["own"].write_bytes(files["other"].read_bytes())
    for count in (1, MANY):
        with pytest.raises(KeyChanged) as caught:
            sign(profile, asks_for(profile, count), ctx)
        assert caught.value.expected == profile.spki_sha256.hex()
        assert caught.value.found == foreign.spki_sha256.hex()


def test_an_agent_that_gives_no_key_away_signs_itself(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("rsa2048")
    ctx = context(home, tmp_path)
    profile = profile_of(key, ctx)
    asks = asks_for(profile, MANY)
    expected = sign(profile, asks, ctx)

    def refuses(line: str, _: Counter[str]) -> bytes | None:
        refused = line.startswith("EXPORT_KEY")
        return b"ERR 67109115 Forbidden <GPG Agent>\n" if refused else None

    with FaultyAgent(home.path / "S.faulty", refuses, home.socket()) as agent:
        assert sign(profile, asks, context(home, tmp_path, agent_socket=agent.path)) == expected
        assert agent.count["EXPORT_KEY"] == 1
        assert agent.count["PKSIGN"] == MANY


def test_an_agent_that_does_not_let_us_answer_is_named(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate(passphrase="pw")
    conf = home.path / "gpg-agent.conf"
    conf.write_text(conf.read_text() + "no-allow-loopback-pinentry\n")
    home.kill_agent()
    ctx = context(home, tmp_path, b"pw")
    profile = profile_of(key, ctx)
    with pytest.raises(KeyStoreFailed) as caught, KEYSTORE.open(profile, 1, ctx):
        pytest.fail("a passphrase that we cannot give is not waited for")
    assert caught.value.number
    assert "loopback" in caught.value.reason
    assert ctx.prompts == []


def test_a_restricted_agent_is_refused(home: GnupgHome, tmp_path: Path) -> None:
    """The extra socket, which is made to be forwarded, lists no keys: that is said, not hidden."""
    home.generate()
    ctx = context(home, tmp_path, agent_socket=home.socket("agent-extra-socket"))
    with pytest.raises(KeyStoreFailed, match="Forbidden"):
        KEYSTORE.list_keys(ctx)


def test_a_home_whose_socket_cannot_be_is_agent_missing(tmp_path: Path) -> None:
    directory = Path(tempfile.mkdtemp(prefix="sg-", suffix="x" * 90))
    try:
        (directory / "pubring.kbx").touch()
        with pytest.raises(AgentMissing) as caught:
            KEYSTORE.list_keys(context(directory, tmp_path, agent_socket=directory / "S.agent"))
        assert caught.value.reason
    finally:
        shutil.rmtree(directory)


@pytest.mark.parametrize("size", [0, 20, 31, 33, 100, 65536])
def test_ed25519_signs_digests_only(home: GnupgHome, tmp_path: Path, size: int) -> None:
    key = home.generate()
    ctx = context(home, tmp_path)
    profile = profile_of(key, ctx)
    ask = ToSign(0, Scheme.ED25519, Part.FILE, (Literal(b""),), message=bytes(size))
    for count in (1, MANY):
        with KEYSTORE.open(profile, count, ctx) as opened:
            answers = list(opened.sign([ask, *asks_for(profile, 1)]))
        assert isinstance(answers[0], SchemeUnsupported)
        assert isinstance(answers[1], bytes)


@pytest.mark.parametrize("algorithm", [*ALGORITHMS, "rsa3072"])
def test_gpgv_accepts_our_packets(home: GnupgHome, tmp_path: Path, algorithm: str) -> None:
    key = home.generate(algorithm, subkey=True, passphrase="pw")
    ctx = context(home, tmp_path, *[b"pw"] * 4)
    profile = profile_of(key, ctx)
    assert profile.protection is Protection.SOFTWARE
    keyring = tmp_path / "keyring.gpg"
    keyring.write_bytes(home.export(key.primary))
    content = b"to be signed\n"
    for scheme in profile.schemes:
        algorithm_of_hash = scheme.hash or HashAlgorithm.SHA512
        slot = Slot(profile, SignatureType.OPENPGP, scheme, algorithm_of_hash)
        signing = sign_openpgp(
            0,
            slot,
            hashlib.new(algorithm_of_hash.value, content),
            part=Part.FILE,
            covers=(Range(0, len(content)),),
            time=int(time.time()),
        )
        answers = tuple(sign(profile, next(signing), ctx))
        with pytest.raises(StopIteration) as stopped:
            signing.send(answers)
        (tmp_path / "file.sig").write_bytes(stopped.value.value)
        (tmp_path / "file").write_bytes(content)
        done = subprocess.run(
            [GPGV, "--status-fd", "1", "--keyring", keyring, tmp_path / "file.sig", "file"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert f"[GNUPG:] VALIDSIG {key.signing} ".encode() in done.stdout, done
