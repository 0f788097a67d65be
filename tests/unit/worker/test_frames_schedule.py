"""Which worker takes an item: by weight, never all for large files, never back to the signer."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from signstation.worker.desk import HEAVY
from signstation.worker.schedule import WINDOW_BYTES, choose

NOBODY = -1
WINDOW = 10


@dataclass
class Place:
    """A seat as the choice sees it."""

    number: int
    tasks: int = 0
    load: int = 0
    heavy: int = 0
    started: bool = True

    def take(self, weight: int) -> None:
        """Begin a call."""
        self.tasks += 1
        self.load += weight
        self.heavy += weight > HEAVY


def seats(count: int) -> list[Place]:
    """Idle seats."""
    return [Place(number) for number in range(count)]


def taken(places: list[Place], weight: int, avoid: int = NOBODY) -> int | None:
    """Choose, take, and return the number."""
    place = choose(places, weight, avoid, WINDOW)
    if place is None:
        return None
    place.take(weight)
    return place.number


WEIGHTS = st.integers(0, 2 * HEAVY)
CALLS = st.lists(st.tuples(WEIGHTS, st.integers(-1, 4)), max_size=60)


@given(st.integers(1, 5), CALLS)
def test_whatever_comes_the_rules_hold(count: int, calls: list[tuple[int, int]]) -> None:
    places = seats(count)
    for weight, avoid in calls:
        number = taken(places, weight, avoid)
        assert number is None or count == 1 or number != avoid
        assert all(place.heavy <= 1 and place.tasks <= max(WINDOW, 1) + 1 for place in places)
        if count > 1:
            assert sum(place.heavy for place in places) < count
        for place in places:
            if place.tasks > 1 and not place.heavy:
                assert place.load <= WINDOW_BYTES


def test_the_second_of_two_workers_is_kept_for_small_items() -> None:
    places = seats(2)
    first = taken(places, HEAVY + 1)
    assert taken(places, HEAVY + 1) is None
    assert {taken(places, 1000) for _ in range(5)} == {1 - (first or 0)}


def test_one_worker_takes_everything() -> None:
    places = seats(1)
    assert taken(places, HEAVY + 1, avoid=0) == 0
    assert taken(places, 1000, avoid=0) == 0


def test_small_items_go_to_the_least_loaded() -> None:
    places = seats(3)
    assert [taken(places, 5000), taken(places, 1000), taken(places, 1000)] == [0, 1, 2]
    assert taken(places, 10) == 1


def test_a_process_that_runs_is_taken_before_one_that_does_not() -> None:
    places = [Place(0, started=False), Place(1)]
    assert taken(places, 10) == 1


def test_a_window_is_full_by_count_and_by_weight() -> None:
    by_count = seats(1)
    assert [taken(by_count, 0) for _ in range(WINDOW + 1)] == [0] * WINDOW + [None]
    by_weight = seats(1)
    half = WINDOW_BYTES // 2
    assert [taken(by_weight, half), taken(by_weight, half), taken(by_weight, 1)] == [0, 0, None]


def test_a_recheck_goes_beside_a_large_file_rather_than_back_to_its_signer() -> None:
    places = seats(2)
    assert taken(places, HEAVY + 1) == 0
    assert taken(places, 1000, avoid=1) == 0


def test_a_recheck_waits_for_room_in_another_worker() -> None:
    places = seats(2)
    places[1].tasks = WINDOW
    assert taken(places, 1000, avoid=0) is None


def test_a_large_recheck_waits_until_two_workers_are_free() -> None:
    places = seats(2)
    places[1].heavy = 1
    assert taken(places, HEAVY + 1, avoid=0) is None
