"""Merges independent signing sub-generators into one round for key, approver and air gap."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from signstation.model.asks import Answer, Batch

T = TypeVar("T")


def together(
    *generators: Generator[Batch, tuple[Answer, ...], T],
) -> Generator[Batch, tuple[Answer, ...], tuple[T, ...]]:
    """Run sub-generators side by side; return their results in order.

    Each round yields what all of those that still run ask for, as one batch. A sub-generator that
    raises ends them all (the others are closed).
    """
    waiting: dict[int, Batch] = {}
    results: dict[int, T] = {}

    def advance(number: int, answers: tuple[Answer, ...] | None) -> None:
        try:
            generator = generators[number]
            waiting[number] = next(generator) if answers is None else generator.send(answers)
        except StopIteration as end:
            waiting.pop(number, None)
            results[number] = end.value

    try:
        for number in range(len(generators)):
            advance(number, None)
        while waiting:
            asked = dict(waiting)
            answers = yield tuple(ask for batch in asked.values() for ask in batch)
            start = 0
            for number, batch in asked.items():
                advance(number, answers[start : start + len(batch)])
                start += len(batch)
    finally:
        for generator in generators:
            generator.close()
    return tuple(results[number] for number in range(len(generators)))
