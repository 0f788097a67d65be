"""PKCS#11 URIs: what is read, what is refused, and that writing and reading fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.errors import UsageError
from signstation.keystores.pkcs11_uri import Pkcs11Uri
from signstation.model.keys import KeyRef

_TEXT = st.none() | st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)


def test_the_attributes_of_rfc_7512_are_read() -> None:
    found = Pkcs11Uri.parse("token=My%20HSM;serial=0042;id=%01%aF;object=sig;type=private")
    assert found == Pkcs11Uri(token="My HSM", serial="0042", id=b"\x01\xaf", object="sig")
    assert str(found.ref) == "pkcs11:token=My%20HSM;serial=0042;id=%01%AF;object=sig"
    assert found.names_key
    module = Pkcs11Uri.parse("token=a?module-path=/usr/lib/x.so").module
    assert module == Path("/usr/lib/x.so")


@pytest.mark.parametrize(
    ("locator", "why"),
    [
        ("token=a?pin-value=1234", "a PIN is asked for, never written down"),
        ("token=a;pin-value=1234", "a PIN is asked for, never written down"),
        ("token=a?pin-source=/x", "a PIN is asked for, never written down"),
        ("token=a?module-name=x", "“module-name” is not used here"),
        ("token=a;slot-id=1", "“slot-id” is not used here"),
        ("token=a;token=b", "is not one attribute"),
        ("token", "is not one attribute"),
        ("token=%4", "is not one attribute"),
        ("token=%FF", "not UTF-8"),
        ("type=data;token=a", "private, public or cert"),
        ("?module-path=/x", "names neither token nor key"),
        ("token=a?module-path=x.so", "not an absolute path"),
        ("token=" + "a" * 5000, "more than 4096 characters"),
    ],
)
def test_what_is_no_reference_is_refused_with_the_reason(locator: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        Pkcs11Uri.parse(locator)
    assert why in refused.value.reason
    assert "1234" not in refused.value.reason


@given(_TEXT, _TEXT, _TEXT, st.none() | st.binary(min_size=1, max_size=20))
def test_a_reference_reads_as_it_was_written(
    token: str | None, serial: str | None, label: str | None, identifier: bytes | None
) -> None:
    uri = Pkcs11Uri(token=token, serial=serial, object=label, id=identifier)
    if uri == Pkcs11Uri():
        return
    assert Pkcs11Uri.parse(uri.locator) == uri
    assert KeyRef.parse(str(uri.ref)) == uri.ref
    assert Pkcs11Uri.parse(uri.locator).locator == uri.locator
