"""Values of ``model`` to plain JSON data and back, strictly: unknown fields are refused.

Used between processes, in the journal and for hashing profiles. Bytes become base64, enums their
value, paths text; unions of dataclasses carry the class name in ``"is"``.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TypeVar, cast

from cattrs import Converter
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.strategies import configure_tagged_union

from signstation.errors import ProtocolViolation
from signstation.model.asks import Plain, Segment
from signstation.model.keys import SignerProfile
from signstation.model.outputs import Output

T = TypeVar("T")

_MISFITS = (
    BaseValidationError,
    ForbiddenExtraKeysError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=False)
    converter.register_unstructure_hook(bytes, lambda value: base64.b64encode(value).decode())
    converter.register_structure_hook(bytes, _bytes)
    converter.register_unstructure_hook(Path, str)
    converter.register_structure_hook(Path, lambda value, _: Path(value))
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _exact)
    configure_tagged_union(Plain, converter, tag_name="is")
    configure_tagged_union(Segment, converter, tag_name="is")
    configure_tagged_union(Output, converter, tag_name="is")
    # a field that came later is left out where it is empty: requests name profiles by hash
    later = override(omit_if_default=True)
    profile = make_dict_unstructure_fn(SignerProfile, converter, ssh=later, token=later)
    converter.register_unstructure_hook(SignerProfile, profile)
    return converter


def _bytes(value: object, _: type[bytes]) -> bytes:
    return base64.b64decode(cast("str", value), validate=True)


def _exact(value: object, kind: type) -> object:
    # cattrs would turn 1 into "1" and "x" into True; a strict peer sends the right type
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value


_CONVERTER = _converter()


def to_plain(value: object, kind: object = None) -> object:
    """Return JSON-able data; ``kind`` is needed where the static type is a union or a container."""
    return _CONVERTER.unstructure(value, unstructure_as=kind)


def from_plain(data: object, kind: type[T]) -> T:
    """Rebuild a value. Raises ProtocolViolation for anything that does not fit exactly."""
    try:
        return _CONVERTER.structure(data, kind)
    except _MISFITS as error:
        raise ProtocolViolation(reason=f"not a {kind}: {type(error).__name__}") from error


def canonical(value: object) -> bytes:
    """JSON by RFC 8785 for data of strings, integers, booleans, lists and ASCII-keyed objects."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    ).encode()
