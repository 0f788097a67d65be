"""What the fuzzer found is tried again, without it: a value or an error of ours, nothing else."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from signstation.errors import SignstationError
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
MAX_FILES = 300
MAX_BYTES = 1024 * 1024


@pytest.mark.parametrize("name", TARGETS)
def test_every_kept_input_gives_a_value_or_an_error_of_ours(name: str) -> None:
    kept = sorted((CORPUS / name).iterdir())
    assert kept, "packaging/fuzz has never run on this target"
    for path in kept:
        with contextlib.suppress(SignstationError):
            TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", sorted(seeds()))
def test_a_sound_input_is_read_and_every_cut_of_its_beginning_is_survived(name: str) -> None:
    sound = seeds()[name]
    TARGETS[name](sound)
    for size in range(min(len(sound), 512)):
        with contextlib.suppress(SignstationError):
            TARGETS[name](sound[:size])


def test_the_corpus_is_small_and_has_no_stranger() -> None:
    files = [each for each in CORPUS.rglob("*") if each.is_file()]
    assert {each.parent.name for each in files} == set(TARGETS)
    assert len(files) < MAX_FILES
    assert sum(each.stat().st_size for each in files) < MAX_BYTES
