"""先预览再确认：预览出来的内容签了名放在页面上，确认时原样取回，改过、过了一小时的不认；同一次预览只能确认一次。

凡是从文件、粘贴、Word 读进来的，预览都用这里的 `Preview`：读的是哪张表、哪些行，哪些拒绝、折算、没有读，逐条列出；
有认不出的列、像是读错的，要人点头才能照读的写入。
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.tables.limits import HUMAN
from yunheng.tables.notes import Note, Outcome
from yunheng.tables.reading import Table

from .models import Confirmation

_SECONDS = 3600
#: 每一类说明页面上列几条，其余下载
SHOWN = 60
#: 下载的清单最多几条
_MOST = 20_000
_NOTES = "notes"


def keep(value: object, purpose: str, *, doubtful: bool = False) -> str:
    """预览的内容，写进确认按钮那张表；`purpose` 说明是哪件事、谁的，取回时要一样。

    `doubtful` 是有没读进去的列或表，或像是读错的：确认时要人点头。
    """
    return signing.dumps([secrets.token_hex(16), doubtful, value], salt=purpose, compress=True)


def _opened(text: str, purpose: str) -> tuple[str, bool, Any]:
    try:
        token, doubtful, value = signing.loads(text, salt=purpose, max_age=_SECONDS)
    except signing.BadSignature as error:
        raise Refused(["预览过了一小时或被改动过，请重新选择文件导入"]) from error
    return token, doubtful, value


def kept(text: str, purpose: str) -> Any:
    """取回预览的内容，不算确认；被改过、不是这件事的、过了一小时的抛 Refused。"""
    return _opened(text, purpose)[2]


@contextmanager
def confirmed(*, actor: Actor, text: str, purpose: str, agreed: bool) -> Iterator[Any]:
    """确认一次预览：取回内容，里面的写入和“已经确认”记在同一事务；确认过的抛 Refused，什么都不再写。

    `agreed` 是点了“都看过，其余照导入”。
    """
    token, doubtful, value = _opened(text, purpose)
    if doubtful and not agreed:
        raise Refused(["有的列、表没有读，或有像是读错的，请先看清单里标“要点头”的，勾选“都看过”再确认"])
    with unit_of_work(actor):
        try:
            with transaction.atomic():
                Confirmation.objects.create(token=token, purpose=purpose[:100], by=str(actor))
        except IntegrityError as error:
            raise Refused(["这次预览已经确认过了，没有再写一遍；要再导入请重新选择文件"]) from error
        yield value


@dataclass(frozen=True)
class Group:
    """同一类说明：页面上列的几条、一共几条。"""

    outcome: Outcome
    notes: tuple[Note, ...]
    total: int


@dataclass(frozen=True)
class Preview:
    """预览里给人看的：读的是什么（几张表的一张一行），列认作了什么，各类说明；`download` 是清单全部，签了名。

    `wrong` 是拒绝了几格；`doubtful` 是有没有要人点头的；`many` 是读了几张表，说明要带表名。
    """

    told: str
    headings: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    wrong: int
    doubtful: bool
    download: str
    many: bool = False


def preview(
    told: str, notes: Sequence[Note], headings: Sequence[tuple[str, str]] = (), *, many: bool = False
) -> Preview:
    """一份预览；`headings` 是（原列名, 认作哪一列）。"""
    groups = []
    for outcome in Outcome:
        # 要点头的列在前面，不落在“只列了前几处”以外
        own = sorted((note for note in notes if note.outcome == outcome), key=lambda note: not note.doubtful)
        if own:
            groups.append(Group(outcome, tuple(own[:SHOWN]), len(own)))
    listed = [[note.outcome.value, note.sheet, note.where, note.text] for note in notes[:_MOST]]
    return Preview(
        told,
        tuple(headings),
        tuple(groups),
        sum(note.outcome == Outcome.REFUSED for note in notes),
        any(note.doubtful for note in notes),
        signing.dumps(listed, salt=_NOTES, compress=True) if listed else "",
        many,
    )


def preview_of(table: Table, notes: Sequence[Note] | None = None) -> Preview:
    """读出来的一张表的预览；`notes` 是章里另加了说明的，没有就是表自己的。"""
    headings = [(title or "（没有列名）", name) for _, title, name in table.headings]
    return preview(table.told, table.notes if notes is None else notes, headings)


def packed(notes: Sequence[Note]) -> list[list[object]]:
    """说明写成可以跟着预览的内容一起放的样子，确认没成、再显示一遍时用。"""
    return [[note.outcome.value, note.where, note.text, note.sheet, note.doubtful] for note in notes[:_MOST]]


def unpacked(listed: Sequence[Sequence[Any]]) -> list[Note]:
    """`packed` 的反面。"""
    return [
        Note(Outcome(outcome), where, text, sheet, doubtful=doubtful)
        for outcome, where, text, sheet, doubtful in listed
    ]


def within(file: UploadedFile, hint: str) -> None:
    """要导入的文件超过限额的抛 ValueError，不读进来；`hint` 是该怎么办。"""
    if (file.size or 0) > HUMAN.file:
        raise ValueError(f"“{file.name}”超过 {HUMAN.file // 1048576} MB，{hint}")


def listed_notes(text: str) -> list[list[str]]:
    """下载的清单：（怎么了, 表, 在哪里, 说明）；签名不对的抛 Refused。"""
    try:
        found: list[list[str]] = signing.loads(text, salt=_NOTES, max_age=_SECONDS)
    except signing.BadSignature as error:
        raise Refused(["预览过了一小时，请重新选择文件"]) from error
    return found
