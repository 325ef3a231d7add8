"""`yunheng prove`：看板等于重放，时段等于事实折叠，摘要重算一致，审计链完整，只追加的表真的改不了。"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Proof:
    """一项核对：名字、核了多少、头几处不符（空是相符）；`hints` 是要人看一看、不算不符的。"""

    name: str
    count: int
    problems: tuple[str, ...]
    hints: tuple[str, ...] = ()


def prove() -> list[Proof]:
    """全部核对，一项一项。"""
    return [
        check()
        for check in (
            _boards,
            _segments,
            _filings,
            _attachments,
            _deliverables,
            _received,
            _sent_scores,
            _scores,
            _proofs,
            _disputes,
            _prices,
            _editions,
            _money,
            _vouchers,
            _chain,
            _privileges,
        )
    ]


def _proof(name: str, rows: Iterator[str | None]) -> Proof:
    count = 0
    problems: list[str] = []
    for problem in rows:
        count += 1
        if problem and len(problems) < 10:
            problems.append(problem)
    return Proof(name, count, tuple(problems))


def _boards() -> Proof:
    from yunheng.cases.board import board_differences  # noqa: PLC0415
    from yunheng.cases.models import Case  # noqa: PLC0415 装好应用以后才能引入模型

    cases = Case.objects.select_related("board__holder", "unit").prefetch_related("events").order_by("pk")
    return _proof("看板等于事件重放", (board_differences(case) for case in cases.iterator(chunk_size=500)))


def _segments() -> Proof:
    from yunheng.ledger.queries import segment_differences  # noqa: PLC0415

    return _proof("时段等于事实折叠", segment_differences())


def _prices() -> Proof:
    from yunheng.catalog.queries import price_differences  # noqa: PLC0415

    return _proof("价格版本等于目录各版的折叠", price_differences())


def _editions() -> Proof:
    from yunheng.catalog.queries import edition_differences  # noqa: PLC0415

    return _proof("目录各版看到的与发布时的摘要相同", edition_differences())


def _money() -> Proof:
    from yunheng.settlement.proofs import money_problems  # noqa: PLC0415

    return _proof("账目等于汇总，合同等于应付，支付不超合同", money_problems())


def _vouchers() -> Proof:
    from yunheng.settlement.models import Payment  # noqa: PLC0415
    from yunheng.settlement.vouchers import hints  # noqa: PLC0415

    return Proof("凭证号（重号只提示）", Payment.objects.count(), (), tuple(hints()))


def _digests(name: str, model: object, content: Callable[[object], str]) -> Proof:
    def rows() -> Iterator[str | None]:
        for row in model.objects.order_by("pk").iterator(chunk_size=500):  # type: ignore[attr-defined]
            yield None if content(row) == row.digest else f"{row} 的内容和摘要对不上"

    return _proof(name, rows())


def _filings() -> Proof:
    from yunheng.applications.models import Filing  # noqa: PLC0415
    from yunheng.rules.digest import canonical, sm3  # noqa: PLC0415

    return _digests("表单快照的摘要", Filing, lambda row: sm3(canonical(row.content)))  # type: ignore[attr-defined]


def _attachments() -> Proof:
    from yunheng.cases.models import Attachment  # noqa: PLC0415
    from yunheng.rules.digest import sm3_bytes  # noqa: PLC0415

    return _digests("附件的摘要", Attachment, lambda row: sm3_bytes(bytes(row.content)))  # type: ignore[attr-defined]


def _deliverables() -> Proof:
    from yunheng.orgs.models import Deliverable  # noqa: PLC0415
    from yunheng.rules.digest import sm3_bytes  # noqa: PLC0415

    return _digests("委托成果的摘要", Deliverable, lambda row: sm3_bytes(bytes(row.content)))  # type: ignore[attr-defined]


def _received() -> Proof:
    from yunheng.ledger.models import Received  # noqa: PLC0415
    from yunheng.rules.digest import canonical, sm3  # noqa: PLC0415

    return _digests("收件的摘要", Received, lambda row: sm3(canonical(row.payload)))  # type: ignore[attr-defined]


def _sent_scores() -> Proof:
    from yunheng.assessment.models import SentScore  # noqa: PLC0415
    from yunheng.rules.digest import canonical, sm3  # noqa: PLC0415

    return _digests("送确认的评分的摘要", SentScore, lambda row: sm3(canonical(row.content)))  # type: ignore[attr-defined]


def _scores() -> Proof:
    from yunheng.assessment.models import Score  # noqa: PLC0415
    from yunheng.rules.digest import canonical, sm3  # noqa: PLC0415

    return _digests("审定的考核表的摘要", Score, lambda row: sm3(canonical(row.content)))  # type: ignore[attr-defined]


def _proofs() -> Proof:
    from yunheng.assessment.models import Evidence  # noqa: PLC0415
    from yunheng.rules.digest import sm3_bytes  # noqa: PLC0415

    return _digests("考核证据的摘要", Evidence, lambda row: sm3_bytes(bytes(row.content)))  # type: ignore[attr-defined]


def _disputes() -> Proof:
    from yunheng.rules.digest import sm3_bytes  # noqa: PLC0415
    from yunheng.settlement.models import HandlingFile  # noqa: PLC0415

    return _digests("差异证据的摘要", HandlingFile, lambda row: sm3_bytes(bytes(row.content)))  # type: ignore[attr-defined]


def _chain() -> Proof:
    from yunheng.audit.queries import verify  # noqa: PLC0415

    found = verify()
    return Proof("审计链完整", found.count, (found.reason,) if found.broken else ())


def _privileges() -> Proof:
    """应用角色对只追加的表没有改、删、清空的权限，触发器也都在。"""
    from django.db import connection  # noqa: PLC0415

    from yunheng.audit.append_only import append_only_tables  # noqa: PLC0415

    from .maintenance import app_role  # noqa: PLC0415

    def rows() -> Iterator[str | None]:
        with connection.cursor() as cursor:
            for table in append_only_tables():
                cursor.execute(
                    "SELECT has_table_privilege(%s, %s, 'UPDATE,DELETE,TRUNCATE'),"
                    " (SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname IN"
                    " ('yunheng_append_only', 'yunheng_no_truncate') AND tgenabled = 'O')",
                    [app_role(), table, table],
                )
                allowed, triggers = cursor.fetchone()
                yield (
                    f"{table} 可以被改写（权限 {allowed}，触发器 {triggers} 个）" if allowed or triggers != 2 else None
                )

    return _proof("只追加的表改不了", rows())
