"""官方附件5 的原文：录入一版，照生效日取一版（D62-附件5，R-091）。录入了的照原文印，没有录入的印要点。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.documents.data import Official
from yunheng.rules import periods
from yunheng.rules.roles import Role
from yunheng.rules.scoring import ARTICLE, INDICATORS, rule_day

from .models import Wording


def take(
    *,
    actor: Actor,
    on: date,
    effective_on: date,
    basis: str,
    rows: Mapping[str, Sequence[str]],
    closing: Sequence[str],
    name: str,
    digest: str,
) -> Wording:
    """录入一版原文：七项的评分标准、指标解释和末段各句。

    `name`、`digest` 是那份 Word 的文件名和 SM3。不是区科创中心的抛 NotYours；缺一项、与最近一版相同的抛 Refused。
    """
    if actor.role != Role.REVIEWER:
        raise NotYours([f"附件5 的原文由区科创中心录入（{ARTICLE}，R-091）"])
    with unit_of_work(actor) as journal:
        hold(Lock.APPRAISAL)
        problems = []
        if list(rows) != list(INDICATORS) or not all(len(one) == 2 and all(one) for one in rows.values()):
            problems.append(f"七项指标的评分标准、指标解释要齐全（{ARTICLE}）")
        if not closing:
            problems.append(f"末段的扣减规则不能空（{ARTICLE}，R-078）")
        if not basis.strip():
            problems.append(f"请写明文号（{ARTICLE}）")
        last = Wording.objects.order_by("-number").first()
        given = (effective_on, basis.strip(), {key: list(one) for key, one in rows.items()}, list(closing))
        if last and (last.effective_on, last.basis, last.rows, last.closing) == given:
            problems.append(f"与第 {last.number} 版一字不差，生效日、文号也相同，不用再录（{ARTICLE}）")
        if problems:
            raise Refused(problems)
        made = Wording.objects.create(
            number=last.number + 1 if last else 1,
            effective_on=effective_on,
            basis=basis.strip(),
            rows=given[2],
            closing=given[3],
            name=name,
            digest=digest,
            on=on,
            by=str(actor),
        )
        after = {"生效日": effective_on.isoformat(), "文号": made.basis, "文件": name, "SM3": digest}
        journal.note("录入附件5 原文", f"第 {made.number} 版", after=after)
        return made


def in_force(year: int) -> Wording | None:
    """某服务年度印哪一版：与打分同一天（期末次日）已经生效的里最近的，同日的看后录的；没有为 None。"""
    found = Wording.objects.filter(effective_on__lte=rule_day(periods.year_end(year)))
    return found.order_by("-effective_on", "-number").first()


def official(year: int) -> Official | None:
    """某服务年度印表用的原文；没有录入为 None。"""
    found = in_force(year)
    if found is None:
        return None
    return Official(found.title, {key: (one[0], one[1]) for key, one in found.rows.items()}, tuple(found.closing))
