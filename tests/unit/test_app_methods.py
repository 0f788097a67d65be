"""The table of the socket's calls fits the API, and every value crosses it unchanged."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signstation.app.api import StationApi
from signstation.app.methods import (
    EVENT,
    TYPES,
    Hello,
    Method,
    decode,
    decode_call,
    encode,
    encode_call,
)
from signstation.errors import ProtocolViolation
from signstation.model.jobs import JobEvent
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.station import PromptClosed, PromptOpened, StationEvent
from signstation.model.text import Text

st.register_type_strategy(Path, st.text(min_size=1, max_size=8).map(Path))
FORMS = [form for each in TYPES.values() for form in (*each.arguments, each.result, each.item)]
NOT_CALLED = {"answer", "subscribe", "close"}


def test_every_call_of_the_api_is_in_the_table() -> None:
    names = {name for name in vars(StationApi) if not name.startswith("_")} - NOT_CALLED
    assert names == {each.value for each in Method}
    assert set(TYPES) == set(Method)


@pytest.mark.parametrize("method", list(Method), ids=lambda each: each.value)
def test_the_table_counts_the_arguments_of_the_api(method: Method) -> None:
    parameters = inspect.signature(getattr(StationApi, method.value)).parameters
    names = [name for name in parameters if name not in {"self", "on_result"}]
    assert len(names) == len(TYPES[method].arguments)
    assert ("on_result" in parameters) == (TYPES[method].item is not None)


def _equals_itself(value: object) -> bool:
    """Whether a value can be compared at all: one that holds a NaN equals nothing."""
    return "nan" not in repr(value)


@pytest.mark.parametrize("form", [*{str(form): form for form in FORMS}.values()], ids=str)
def test_every_value_crosses_unchanged(form: object) -> None:
    if form is None:
        assert decode(encode(None, None), None) is None
        return

    @settings(max_examples=8, suppress_health_check=list(HealthCheck))
    @given(st.from_type(form).filter(_equals_itself))  # type: ignore[arg-type]
    def crosses(value: object) -> None:
        assert decode(json.loads(json.dumps(encode(value, form))), form) == value

    crosses()


@pytest.mark.parametrize(
    "event",
    [
        JobEvent(1, None),
        JobEvent(1, 7),
        PromptOpened(Prompt("a", PromptKind.PIN, "PIN of x", Text("t"), Text("b"), tries_left=2)),
        PromptClosed("a"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_every_event_crosses_unchanged(event: StationEvent) -> None:
    assert decode(json.loads(json.dumps(encode(event, EVENT))), EVENT) == event


def test_a_call_comes_back_with_its_arguments() -> None:
    data = encode_call(Method.IMPORT_KEY, ("gpg", Path("/a\udcff")))
    assert decode_call(json.loads(json.dumps(data))) == (
        Method.IMPORT_KEY,
        ("gpg", Path("/a\udcff")),
    )


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"method": "jobs"},
        {"method": "jobs", "arguments": [], "more": 1},
        {"method": "_run", "arguments": []},
        {"method": ["jobs"], "arguments": []},
        {"method": "jobs", "arguments": [1]},
        {"method": "job", "arguments": []},
        {"method": "job", "arguments": ["1"]},
        {"method": "job", "arguments": [True]},
        {"method": "export_key", "arguments": [{"store": "a", "locator": "b"}, "/x", 1]},
        {"method": "plan", "arguments": [{"paths": ["/a"], "keys": [], "unknown": 1}]},
    ],
)
def test_a_call_that_does_not_fit_is_refused(data: object) -> None:
    with pytest.raises(ProtocolViolation):
        decode_call(data)


def test_an_answer_where_none_belongs_is_refused() -> None:
    with pytest.raises(ProtocolViolation):
        decode(1, None)


def test_hello_has_a_strict_form() -> None:
    hello = Hello(1, "window", None)
    assert decode(encode(hello, Hello), Hello) == hello
    with pytest.raises(ProtocolViolation):
        decode({"protocol": 1, "surface": "window"}, Hello)
