"""公文里怎样写条款：代号是给程序认的，印出来写“细则第七条”；需求编号不印。"""

from __future__ import annotations

import re
from dataclasses import replace

from .blocks import Block, Paragraph, Table

#: 各份文件在公文里的简称
SHORT = {"M6": "市办法", "M10": "统采分签意见", "D14": "区办法", "D62": "细则"}
_DIGITS = "零一二三四五六七八九"
_CLAUSE = re.compile(r"(M6|M10|D14|D62)-(附件\d+|[一二三四五六七八九十]+|\d+)(?:\(([^()]+)\))?")
#: 括号里的需求编号：只有它的连括号去掉，与条款并列的去掉它自己
_ALONE = re.compile(r"（R-\d{3}(?:、R-\d{3})*）")
_BESIDE = re.compile(r"[，、]R-\d{3}")


def spoken(text: str) -> str:
    """把一段文字里的条款代号写成叫法，去掉需求编号。"""
    return _CLAUSE.sub(_named, _BESIDE.sub("", _ALONE.sub("", text)))


def spoken_block(block: Block) -> Block:
    """段落、表里的条款照公文的写法；人写的一处不动。"""
    if isinstance(block, Paragraph):
        return replace(block, text=spoken(block.text))
    if isinstance(block, Table) and not block.slot:
        return replace(block, rows=tuple(tuple(spoken(cell) for cell in row) for row in block.rows))
    return block


def _named(found: re.Match[str]) -> str:
    document, number, part = found.groups()
    where = number if number.startswith("附件") else f"第{_chinese(int(number)) if number.isdigit() else number}条"
    return f"{SHORT[document]}{where}" + (f"（{part}）" if part else "")


def _chinese(number: int) -> str:
    """99 以内的数写成汉字。"""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[ones] if ones else "")
