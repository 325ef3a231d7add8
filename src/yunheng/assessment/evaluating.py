"""效能评估（M6-33、M6-34，R-094、R-095）：方案、打分、发布、整改。

对使用单位评资源使用效率，对服务商评建设、服务提供、运行维护、安全保障；指标和权重由方案定。
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.cases import rectifying
from yunheng.cases.models import Case, Requirement
from yunheng.cases.notifying import tell
from yunheng.cases.operations import Doing, open_case, register_effect, register_guard
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import decimal_of
from yunheng.rules import periods
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

from .models import Evaluation, Grade, Published, Scheme
from .surveying import used_by

UNIT, PROVIDER = "使用单位", "服务商"
#: 方案的起手：M6-33 列的方面，权重均分，编方案时再改
SUGGESTED = (
    (UNIT, "计算资源使用效率", "40"),
    (UNIT, "存储资源使用效率", "30"),
    (UNIT, "闲置资源清理", "30"),
    (PROVIDER, "建设", "25"),
    (PROVIDER, "服务提供", "25"),
    (PROVIDER, "运行维护", "25"),
    (PROVIDER, "安全保障", "25"),
)
Indicator = dict[str, str]


def start(*, actor: Actor, on: date, year: int) -> Case:
    """起一次效能评估，方案先照 M6-33 的方面列好；一个服务年度只有一次（撤回的不算）。"""
    if actor.role != Role.REVIEWER or actor.institution is None:
        raise NotYours(["效能评估的方案由区科创中心编（M6-33，R-094）"])
    if on < periods.service_year(year).start:
        raise Refused([f"{year} 服务年度还没有开始（R-071）"])
    with unit_of_work(actor):
        hold(Lock.EVALUATION, year)
        going = Evaluation.objects.filter(service_year=year).exclude(case__board__outcome="withdrawn")
        if (begun := going.select_related("case").first()) is not None:
            raise Refused(
                [At("year", f"{year} 服务年度已有效能评估：{begun.case.number}，在那一件上办（M6-33，R-094）")]
            )
        unit = Institution.objects.get(pk=actor.institution)
        case = open_case(
            actor=actor,
            on=on,
            procedure_code="evaluation",
            unit=unit,
            subject=f"{periods.years(year)} 服务年度效能评估",
        )
        evaluation = Evaluation.objects.create(case=case, service_year=year)
        rows = [{"kind": kind, "name": name, "weight": weight} for kind, name, weight in SUGGESTED]
        Scheme.objects.create(evaluation=evaluation, indicators=rows, by=str(actor))
    return case


def indicators(evaluation: Evaluation) -> list[Indicator]:
    """方案最近一版的指标。"""
    return list(evaluation.schemes.latest("pk").indicators)


def draw_up(*, actor: Actor, evaluation: Evaluation, rows: Sequence[Indicator]) -> Scheme:
    """存方案的一版：各类权重合计 100，名称不重；不对抛 Refused，一次列全。"""
    _hand(actor, evaluation, Role.REVIEWER, "draft", "方案")
    problems, sums, seen = [], {UNIT: Decimal(0), PROVIDER: Decimal(0)}, set()
    for number, row in enumerate(rows, start=1):
        kind, name = row.get("kind", ""), row.get("name", "").strip()
        if kind not in sums or not name:
            problems.append(f"第 {number} 行：评谁、指标名称都要填（R-094）")
            continue
        if (kind, name) in seen:
            problems.append(f"第 {number} 行：{kind}的“{name}”重复了（R-094）")
        seen.add((kind, name))
        try:
            weight = decimal_of(row.get("weight", ""), 2)
        except ValueError as error:
            problems.append(f"第 {number} 行“{name}”的权重：{error}（R-094）")
            continue
        if not 0 < weight <= 100:
            problems.append(f"第 {number} 行“{name}”的权重应在 0 至 100 之间（R-094）")
        sums[kind] += weight
    if not problems:
        problems += [f"{kind}的权重合计 {total}，应为 100（R-094）" for kind, total in sums.items() if total != 100]
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        kept = [{"kind": row["kind"], "name": row["name"].strip(), "weight": row["weight"].strip()} for row in rows]
        scheme = Scheme.objects.create(evaluation=evaluation, indicators=kept, by=str(actor))
        journal.note("编评估方案", evaluation.case.number, after={"指标": len(kept)})
    return scheme


def subjects(evaluation: Evaluation) -> list[Institution]:
    """评谁：这一年用过资源的单位，和供过资源的服务商。"""
    pairs = used_by(evaluation.service_year)
    units = Institution.objects.filter(pk__in=pairs).order_by("code")
    supplied = {one.pk for many in pairs.values() for one in many}
    return [*units, *providers().filter(pk__in=supplied)]


def kind_of(institution: Institution) -> str:
    """照哪一类指标评。"""
    return PROVIDER if institution.kind == Kind.PROVIDER else UNIT


@dataclass(frozen=True)
class Row:
    """一家的打分：各项（指标, 分或 None）、依据、总分（没打全为 None）。"""

    institution: Institution
    scores: tuple[tuple[Indicator, str | None], ...]
    evidence: str
    total: Decimal | None


def rows(evaluation: Evaluation) -> list[Row]:
    """各家现在的打分。"""
    latest = evaluation.grades.order_by("institution", "-pk").distinct("institution")
    grades = {one.institution_id: one for one in latest}
    wanted = indicators(evaluation)
    found = []
    for one in subjects(evaluation):
        own = [row for row in wanted if row["kind"] == kind_of(one)]
        grade = grades.get(one.pk)
        scores = tuple((row, (grade.scores.get(row["name"]) if grade else None)) for row in own)
        total = (
            sum((Decimal(row["weight"]) * Decimal(score) / 100 for row, score in scores if score), Decimal(0))
            if all(score for _, score in scores)
            else None
        )
        found.append(Row(one, scores, grade.evidence if grade else "", total))
    return found


def grade(*, actor: Actor, on: date, evaluation: Evaluation, given: Mapping[str, Mapping[str, str]]) -> int:
    """打分：机构代码 → {指标: 分, "依据": 文字}；没动过的不记。有一格不对就都不记，逐格指出。返回记了几家。"""
    _hand(actor, evaluation, Role.THIRD_PARTY, "score", "打分")
    commissioning.require(actor, on, Scope.APPRAISAL)
    problems, kept = [], []
    for row in rows(evaluation):
        cells = given.get(row.institution.code)
        if cells is None:
            continue
        scores: dict[str, str] = {}
        for indicator, _ in row.scores:
            try:
                value = decimal_of(cells.get(indicator["name"], ""), 2)
            except ValueError as error:
                problems.append(f"{row.institution.name}“{indicator['name']}”：{error}（R-094）")
                continue
            if not 0 <= value <= 100:
                problems.append(
                    f"{row.institution.name}“{indicator['name']}”应在 0 至 100 之间，现在是 {value}（R-094）"
                )
            scores[indicator["name"]] = f"{value.normalize():f}"
        evidence = cells.get("依据", "").strip()[:1000]
        if not evidence:
            problems.append(f"{row.institution.name}：写明打分的依据（R-094）")
        if scores != {i["name"]: s for i, s in row.scores} or evidence != row.evidence:
            kept.append(
                Grade(
                    evaluation=evaluation,
                    institution=row.institution,
                    scores=scores,
                    evidence=evidence,
                    by=str(actor),
                )
            )
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        Grade.objects.bulk_create(kept)
        journal.note("效能打分", evaluation.case.number, after={"家数": len(kept)})
    return len(kept)


def require(
    *, actor: Actor, on: date, evaluation: Evaluation, institution: Institution, text: str, due_on: date
) -> Requirement:
    """提一条整改要求：审定或跟踪时，由区科委、区科创中心提；知会去整改。"""
    if actor.role not in (Role.AUTHORITY, Role.REVIEWER):
        raise NotYours(["整改要求由区科委或区科创中心提（M6-34，R-095）"])
    problems = []
    if evaluation.case.board.step not in ("decide", "rectify"):
        problems.append(f"现在“{evaluation.case.board.step_name}”，打完分才提整改要求（M6-34，R-095）")
    if institution not in subjects(evaluation):
        problems.append(f"{institution.name}不在这次评估里（R-095）")
    if problems:
        raise Refused(problems)
    made = rectifying.require(
        actor=actor,
        on=on,
        case=evaluation.case,
        institution=institution,
        text=text,
        due_on=due_on,
        closer=Role.REVIEWER,
        clause="M6-34，R-095",
    )
    # 审定时提的，跟结果一起发布
    if evaluation.case.board.step == "rectify":
        rectifying.notify(made, f"效能评估整改：{text.strip()[:150]}，{due_on} 前", on)
    return made


def published(actor: Actor) -> QuerySet[Published]:
    """看得到的结果：使用单位、服务商只看自己的，其余看全部。"""
    found = Published.objects.select_related("evaluation__case", "institution").order_by("-evaluation", "-total")
    return found.filter(institution=actor.institution) if actor.role and actor.role.own_institution else found


def latest_results(institutions: Iterable[int]) -> dict[int, Published]:
    """机构 → 最近发布的结果；没有发布过的不在里面。缩配、回收、审申请时看它（M6-34，R-095）。"""
    found = Published.objects.filter(institution__in=institutions).select_related("evaluation__case", "institution")
    return {one.institution_id: one for one in found.order_by("institution", "-pk").distinct("institution")}


def _tell(evaluation: Evaluation, institution: Institution, text: str, on: date) -> None:
    roles = (Role.PROVIDER,) if institution.kind == Kind.PROVIDER else (Role.CLERK, Role.HEAD)
    for role in roles:
        tell(case=evaluation.case, role=role, institution=institution, text=text, on=on, href="/evaluations/")


def _hand(actor: Actor, evaluation: Evaluation, role: Role, step: str, what: str) -> None:
    if actor.role != role:
        raise NotYours([f"效能评估的{what}由{role.label}办（M6-33，R-094）"])
    if evaluation.case.board.step != step:
        raise Refused([f"{evaluation.case.number} 现在“{evaluation.case.board.step_name}”，不能改{what}（R-094）"])


# ── 流程里的关口和效果 ──


def scheme_ready(doing: Doing) -> Iterator[str]:
    """报审之前：有可评的，权重合计都是 100。"""
    evaluation = Evaluation.objects.get(case=doing.case)
    yield from _nobody(evaluation)
    sums: dict[str, Decimal] = {}
    for row in indicators(evaluation):
        sums[row["kind"]] = sums.get(row["kind"], Decimal(0)) + Decimal(row["weight"])
    for kind in (UNIT, PROVIDER):
        if sums.get(kind) != 100:
            yield f"{kind}的权重合计 {sums.get(kind, 0)}，应为 100（M6-33，R-094）"


def _nobody(evaluation: Evaluation) -> Iterator[str]:
    if not subjects(evaluation):
        yield (
            f"{evaluation.service_year} 服务年度没有单位用过资源，没有可评的，不能往下办；起错年度的请撤回"
            "（M6-33、M6-34，R-095）"
        )


def scored(doing: Doing) -> Iterator[str]:
    """送审、发布之前：每一家都打全了。"""
    evaluation = Evaluation.objects.get(case=doing.case)
    yield from _nobody(evaluation)
    missing = [row.institution.name for row in rows(evaluation) if row.total is None]
    if missing:
        yield f"还没有打全分：{'、'.join(missing)}（M6-33，R-094）"


def publish(doing: Doing) -> None:
    """发布：锁定各家的结果，知会各家。"""
    evaluation = Evaluation.objects.select_related("case").get(case=doing.case)
    for row in rows(evaluation):
        assert row.total is not None
        content: dict[str, Any] = {
            "indicators": [{**indicator, "score": score} for indicator, score in row.scores],
            "evidence": row.evidence,
        }
        Published.objects.create(
            evaluation=evaluation, institution=row.institution, total=row.total, content=content, on=doing.on
        )
        mine = [one.text for one in evaluation.case.requirements.all() if one.institution_id == row.institution.pk]
        after = f"；整改：{'；'.join(mine)}"[:150] if mine else ""
        _tell(evaluation, row.institution, f"{doing.case.subject}结果 {row.total.normalize():f} 分{after}", doing.on)


def rectified(doing: Doing) -> Iterator[str]:
    """办结之前：整改逐条销号。"""
    for one in rectifying.outstanding(doing.case):
        yield f"{one.institution.name}的整改还没有销号：{one.text[:40]}（期限 {one.due_on}，M6-34，R-095）"


def register() -> None:
    """启动时登记。"""
    register_guard("evaluation_scheme", scheme_ready)
    register_guard("evaluation_scored", scored)
    register_guard("evaluation_rectified", rectified)
    register_effect("evaluation", "publish", publish)
