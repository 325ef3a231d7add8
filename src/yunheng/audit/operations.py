"""写审计：每个写操作在 `unit_of_work` 里做，事务末尾一次接上链。

链要一条接一条，所以接链时全系统排队；锁只在提交前那一刻拿，不会和业务表的行锁互等。
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import connection, transaction

from .actor import Actor
from .chain import GENESIS, link
from .models import Entry

_LOCK = 0x59754E48  # 任取的固定数：全系统只有审计链用它排队


@dataclass
class Journal:
    """一次事务里攒下的审计记录。"""

    actor: Actor
    entries: list[tuple[Actor, str, str, object, object]] = field(default_factory=list)

    def note(self, action: str, subject: str, *, before: object = None, after: object = None) -> None:
        """记一笔：动作是动词，对象是单号、资源号之类；前后是能写成 JSON 的普通值。"""
        self.entries.append((self.actor, action, subject, before, after))


_current: ContextVar[Journal | None] = ContextVar("journal", default=None)


@contextmanager
def unit_of_work(actor: Actor) -> Iterator[Journal]:
    """一个用例一个事务。里面再套一层就并入外层；出错全部回滚，审计也不留半条。"""
    if (outer := _current.get()) is not None:
        # 并入外层的事务，但各记各的办事人；里层出错而外层接住了，里层的记录也一起撤回
        count = len(outer.entries)
        try:
            with transaction.atomic():
                yield Journal(actor, outer.entries)
        except BaseException:
            del outer.entries[count:]
            raise
        return
    journal = Journal(actor)
    token = _current.set(journal)
    try:
        with transaction.atomic():
            yield journal
            _append(journal)
    finally:
        _current.reset(token)


def _append(journal: Journal) -> None:
    if not journal.entries:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = Entry.objects.order_by("-seq").values_list("seq", "digest").first()
    seq, digest = last or (0, GENESIS)
    at = datetime.now(UTC)
    rows = []
    for actor, action, subject, before, after in journal.entries:
        seq += 1
        entry = Entry(
            seq=seq,
            at=at,
            person=actor.person,
            name=actor.name,
            role=actor.role or "",
            institution=actor.institution_name,
            address=actor.address,
            request=actor.request,
            action=action,
            subject=subject,
            before=before,
            after=after,
        )
        entry.digest = digest = link(digest, entry.content())
        rows.append(entry)
    Entry.objects.bulk_create(rows)
