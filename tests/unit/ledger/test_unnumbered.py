"""没有自己编号的行：照内容起编号，重发认得出，不丢不重（R-052）。"""

from __future__ import annotations

from itertools import islice, permutations

import pytest

from yunheng.ledger.unnumbered import MOST, Assigned, Piece, assign, references

BASE = "ECS-1/RZ/2026-03-01"


def given(*contents: str, stored: dict[str, str] | None = None, own: set[str] | None = None) -> Assigned:
    pieces = [Piece(line, BASE, content) for line, content in enumerate(contents, start=2)]
    return assign(pieces, stored or {}, own or set())


def kept(contents: tuple[str, ...]) -> dict[str, str]:
    """收下这几笔以后，编号 → 内容。"""
    numbers = given(*contents).numbers
    return {numbers[line]: content for line, content in enumerate(contents, start=2)}


def test_只有一笔的_编号照旧() -> None:
    assert given("5").numbers == {2: BASE}


def test_同样的两笔各有编号_不并成一笔() -> None:
    assert list(given("5", "5", "6").numbers.values()) == [BASE, f"{BASE}/2", f"{BASE}/3"]


@pytest.mark.parametrize("order", list(permutations(("5", "5", "6"))))
def test_重发的不管先后_一笔也不新收(order: tuple[str, ...]) -> None:
    stored = kept(("5", "5", "6"))
    again = given(*order, stored=stored)
    assert set(again.numbers.values()) == set(stored)
    assert all(stored[again.numbers[line]] == content for line, content in enumerate(order, start=2))
    assert not again.unclear


def test_重发的里多了一笔_只有它是新的() -> None:
    stored = kept(("5", "6"))
    again = given("5", "5", "6", stored=stored)
    assert set(again.numbers.values()) - set(stored) == {f"{BASE}/3"}


def test_收过的五现在写成七_分不清是改了还是另一笔_不收也不加() -> None:
    found = given("7", stored=kept(("5",)))
    assert not found.numbers
    assert "是改了数" in found.unclear[2]
    assert "写自己的编号" in found.unclear[2]
    assert not given("5", stored=kept(("5", "6"))).unclear


def test_自己写的编号不会被占() -> None:
    assert given("5", "5", own={f"{BASE}/2"}).numbers == {2: BASE, 3: f"{BASE}/3"}


def test_很长的编号照旧截短_各笔仍不相同() -> None:
    found = list(islice(references("长" * 80), 120))
    assert found[0] == "长" * MOST
    assert len(set(found)) == 120
    assert max(map(len, found)) == MOST
