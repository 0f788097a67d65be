"""The guard in the key worker: what it admits under a request, and nothing else."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.codec.request import build_request
from signstation.errors import GuardRefused, ProtocolViolation, TimeRefused
from signstation.interfaces.guardterms import GuardTerms
from signstation.model.asks import MAX_MESSAGE, MAX_ROUNDS, Part, Range, ToSign
from signstation.model.keys import Scheme, SignerProfile
from signstation.model.requests import Request, RequestSigner, RequestSlot
from signstation.worker.guard import MAX_DRIFT, MAX_DRIFT_APPROVED, Guard
from tests.support.workers import request_for
from tests.support.x509 import identity, profile

SIGNER: SignerProfile = profile(identity("rsa2048"))
ITEMS = 4


def ask(number: int = 0, slot: int = 0, scheme: Scheme = Scheme.RSA_PKCS1_SHA256) -> ToSign:
    """One of many different asks."""
    return ToSign(slot, scheme, Part.MODULE, (Range(0, 1),), digest=number.to_bytes(32, "big"))


def guard(
    request: Request | None = None, count: int = 100, clock: int | None = None, **terms: object
) -> Guard:
    """Build a guard as a key worker does."""
    request = request or request_for(SIGNER, ITEMS)
    sealed = GuardTerms(build_request(request), **({"signer": 0} | terms))  # type: ignore[arg-type]
    return Guard(sealed, SIGNER, count, request.created if clock is None else clock)


def two_slots(request: Request) -> Request:
    """Give each item a second slot, of a second signer."""
    other = RequestSigner("file:/other", "11" * 32, "22" * 32)
    slot = RequestSlot(1, "cms", "rsa-pkcs1-sha256", "sha256")
    items = tuple(replace(item, slots=(*item.slots, slot)) for item in request.items)
    return replace(request, signers=(*request.signers, other), items=items)


def test_each_item_is_admitted_once_and_in_any_order() -> None:
    under_test = guard()
    for item in (2, 0, 3, 1):
        under_test.admit(item, 0, (ask(item),))
    for item in range(ITEMS):
        with pytest.raises(GuardRefused, match="asked for already"):
            under_test.admit(item, 0, (ask(item),))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(-1, ITEMS + 1),
            st.integers(-1, MAX_ROUNDS + 1),
            st.lists(st.integers(0, 2), min_size=0, max_size=3),
        ),
        max_size=40,
    ),
    st.integers(0, 12),
)
def test_whatever_is_asked_the_bounds_hold(
    calls: list[tuple[int, int, list[int]]], count: int
) -> None:
    under_test = guard(two_slots(request_for(SIGNER, ITEMS)), count)
    admitted: list[tuple[int, int, int]] = []
    for item, number, slots in calls:
        asks = tuple(ask(index, slot) for index, slot in enumerate(slots))
        with suppress(GuardRefused):
            under_test.admit(item, number, asks)
            admitted += [(item, number, each.slot) for each in asks]
    assert len(admitted) == len(set(admitted)) <= count
    assert all(0 <= i < ITEMS and 0 <= r < MAX_ROUNDS and s == 0 for i, r, s in admitted)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        pytest.param(ask(slot=1), "another signer's", id="slot of another signer"),
        pytest.param(ask(slot=2), "no such slot", id="slot that is not there"),
        pytest.param(ask(scheme=Scheme.RSA_PSS_SHA256), "another scheme", id="scheme"),
        pytest.param(replace(ask(), digest=bytes(20)), "another length", id="short digest"),
        pytest.param(replace(ask(), message=b"x"), "exactly one", id="digest and message"),
        pytest.param(replace(ask(), digest=None), "exactly one", id="neither"),
        pytest.param(
            replace(ask(), digest=None, message=bytes(MAX_MESSAGE + 1)), "too long", id="message"
        ),
    ],
)
def test_an_ask_that_was_not_planned_is_refused(wrong: ToSign, reason: str) -> None:
    with pytest.raises(GuardRefused, match=reason):
        guard(two_slots(request_for(SIGNER, ITEMS))).admit(0, 0, (wrong,))


def test_a_batch_is_admitted_whole_or_not_at_all() -> None:
    under_test = guard(count=2)
    with pytest.raises(GuardRefused, match="another scheme"):
        under_test.admit(0, 0, (ask(1), ask(2, scheme=Scheme.RSA_PSS_SHA256)))
    for item in (1, 2):
        under_test.admit(item, 0, (ask(item),))
    with pytest.raises(GuardRefused, match="more signatures"):
        under_test.admit(3, 0, (ask(3),))


def named(approvals: int, *batches: tuple[ToSign, ...]) -> Request:
    """Name the asks of the first items' first rounds, as approvers see them."""
    request = request_for(SIGNER, len(batches), asks=batches)
    return replace(request, approvals=approvals)


def test_named_asks_pass_and_others_do_not() -> None:
    request = named(2, (ask(1),), (ask(2), ask(2)))
    approved = guard(request, approvals=(b"a", b"b"))
    approved.admit(1, 0, (ask(2), ask(2)))
    with pytest.raises(GuardRefused, match="does not name"):
        approved.admit(0, 0, (ask(3),))


def test_a_named_ask_passes_as_often_as_it_is_named() -> None:
    with pytest.raises(GuardRefused, match="does not name"):
        guard(named(1, (ask(1),)), approvals=(b"a",)).admit(0, 0, (ask(1), ask(1)))


def test_later_rounds_cannot_be_named_and_are_counted() -> None:
    approved = guard(named(1, (ask(1),)), count=2, approvals=(b"a",))
    approved.admit(0, 0, (ask(1),))
    approved.admit(0, 1, (ask(7),))
    with pytest.raises(GuardRefused, match="more signatures"):
        approved.admit(0, 2, (ask(8),))


@pytest.mark.parametrize("approvals", [(), (b"a",), (b"a", b"a")])
def test_approvals_that_are_missing_or_repeated_open_nothing(approvals: tuple[bytes, ...]) -> None:
    with pytest.raises(GuardRefused, match="2 approvals"):
        guard(named(2, (ask(1),)), approvals=approvals)


@pytest.mark.parametrize(
    ("approvals", "drift", "fine"),
    [
        (0, MAX_DRIFT, True),
        (0, -MAX_DRIFT, True),
        (0, MAX_DRIFT + 1, False),
        (0, -MAX_DRIFT - 1, False),
        (1, MAX_DRIFT_APPROVED, True),
        (1, -MAX_DRIFT_APPROVED - 1, False),
    ],
)
def test_a_signing_time_far_from_the_clock_is_refused(
    approvals: int, drift: int, *, fine: bool
) -> None:
    request = named(approvals, (ask(1),))
    request = replace(request, signing_time=request.created + drift)
    if fine:
        guard(request, approvals=(b"a",))
    else:
        with pytest.raises(TimeRefused):
            guard(request, approvals=(b"a",))


def test_a_request_that_has_run_out_is_refused() -> None:
    request = request_for(SIGNER, 1)
    with pytest.raises(GuardRefused, match="no longer valid"):
        guard(request, clock=request.not_after + 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"key": "file:/keys/other.pem"},
        {"spki_sha256": "ab" * 32},
        {"profile_sha256": "ab" * 32},
    ],
)
def test_a_request_for_another_key_is_refused(changed: dict[str, str]) -> None:
    request = request_for(SIGNER, 1)
    signer = replace(request.signers[0], **changed)
    with pytest.raises(GuardRefused, match="another key"):
        guard(replace(request, signers=(signer,)))


def test_a_signer_that_is_not_there_is_refused() -> None:
    with pytest.raises(GuardRefused, match="no such signer"):
        guard(signer=1)


def test_a_request_that_is_not_canonical_is_refused() -> None:
    data = build_request(request_for(SIGNER, 1))
    with pytest.raises(ProtocolViolation):
        Guard(GuardTerms(data + b" ", 0), SIGNER, 1, 0)


@given(st.integers(1, 5), st.integers(1, 12))
def test_shares_are_disjoint_and_leave_nothing_out(of: int, items: int) -> None:
    request = request_for(SIGNER, items)
    taken = []
    for index in range(of):
        part = guard(request)
        if of > 1:
            part.limit_to(index, of)
        for item in range(items):
            with suppress(GuardRefused):
                part.admit(item, 0, (ask(item),))
                taken.append(item)
    assert sorted(taken) == list(range(items))


def test_a_share_is_not_changed_once_it_is_in_use() -> None:
    part = guard()
    part.limit_to(0, 2)
    with pytest.raises(GuardRefused):
        part.limit_to(1, 2)
    used = guard()
    used.admit(0, 0, (ask(),))
    with pytest.raises(GuardRefused):
        used.limit_to(0, 2)
