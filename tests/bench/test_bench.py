"""Every measurement runs to its end and signs rightly; how long it takes is printed, not judged."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import BENCHES, main


@pytest.mark.parametrize("name", BENCHES)
def test_it_can_be_measured(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 0
    output = capsys.readouterr().out
    with capsys.disabled():
        print(f"\n{output}", end="")
    assert "aim" in output


def test_there_is_no_other_measurement() -> None:
    assert main(["hubris"]) == 2
