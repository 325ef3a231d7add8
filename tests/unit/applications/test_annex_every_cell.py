"""附件1 至附件4 的每一格多写两个字：要么读进来，要么点名，没有不声不响的（R-047）。"""

from __future__ import annotations

import io
import random
from typing import Any

import docx
import pytest
from tests.unit.applications.test_human_annexes import right_file

from yunheng.applications import importing


def added(number: int, where: tuple[int, int, int]) -> str:
    """在 Word 的一格末尾加两个字，读出来的值和说明连成的话。"""
    document = docx.Document(io.BytesIO(right_file(number, "docx")))
    table, row, column = where
    document.tables[table].rows[row].cells[column].paragraphs[-1].add_run("甲7")
    out = io.BytesIO()
    document.save(out)
    try:
        found = importing.read(out.getvalue(), f"附件{number}.docx")
    except ValueError as error:
        return str(error)
    return "\n".join([*found.notes, *map(str, found.unread), str(dict(found.values)), str(found.held)])


def places(number: int) -> list[tuple[int, int, int]]:
    """各格；合并的格只算一次。"""
    document = docx.Document(io.BytesIO(right_file(number, "docx")))
    found: dict[Any, tuple[int, int, int]] = {}
    for table, one in enumerate(document.tables):
        for row, line in enumerate(one.rows):
            for column, cell in enumerate(line.cells):
                found.setdefault(cell._tc, (table, row, column))
    return list(found.values())


def unnamed(number: int, chosen: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """加的字既没有读进去、又没有点名的格；改了附件3 小标题的整份不收，说是两套表头。"""
    said = {where: added(number, where) for where in chosen}
    return [where for where, text in said.items() if "甲7" not in text and "两行都是主机清单的表头" not in text]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_附件随便哪一格多写两个字_读进来或点名(number: int) -> None:
    found = places(number)
    assert unnamed(number, random.Random(number).sample(found, min(len(found), 30))) == []


@pytest.mark.soak
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_附件每一格多写两个字_读进来或点名(number: int) -> None:
    assert unnamed(number, places(number)) == []
