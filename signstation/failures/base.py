"""The root of all expected errors: codes, typed fields, and their form on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import ClassVar, Self, dataclass_transform

from signstation.effects import Effect, ExitStatus

FieldValue = str | int | None


@dataclass_transform(eq_default=False, kw_only_default=True)
@dataclass(eq=False, kw_only=True, repr=False)
class SignstationError(Exception):
    """Root of all expected errors; subclasses add typed fields and never sentences.

    A subclass names its ``code`` (and, where they differ from its parent's, ``status`` and
    ``retryable``) in the class line; its annotated fields become keyword arguments.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[ExitStatus] = ExitStatus.BUG
    retryable: ClassVar[bool] = False
    effect: Effect = Effect.UNCHANGED

    def __init_subclass__(
        cls, *, code: str, status: ExitStatus | None = None, retryable: bool = False
    ) -> None:
        """Record the class's constants and make a dataclass of its fields."""
        super().__init_subclass__()
        cls.code = code
        cls.status = status or cls.status
        cls.retryable = retryable
        dataclass(eq=False, kw_only=True, repr=False)(cls)

    def values(self) -> dict[str, FieldValue]:
        """Return the typed fields by name, without ``effect``."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "effect"}

    def to_wire(self) -> dict[str, object]:
        """Return the JSON form ``{"code", "fields", "effect"}``."""
        return {"code": self.code, "fields": self.values(), "effect": self.effect.value}

    def with_effect(self, effect: Effect) -> Self:
        """Set ``effect`` and return self, for the one place that knows it."""
        self.effect = effect
        return self

    def __str__(self) -> str:
        """Return code and fields for logs; people read ``reports/messages.py`` instead."""
        inner = ", ".join(f"{name}={value!r}" for name, value in self.values().items())
        return f"{self.code}({inner})"


def all_errors() -> Iterator[type[SignstationError]]:
    """Yield every error class below the root, depth first."""
    pending: list[type[SignstationError]] = [SignstationError]
    while pending:
        cls = pending.pop()
        yield cls
        pending.extend(cls.__subclasses__())
