"""读差异：看得到哪些，处理到哪一步，各几条（R-075）。"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.contrib.postgres.fields import DateRangeField
from django.db.models import (
    Aggregate,
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce

from yunheng.audit.actor import Actor
from yunheng.cases.models import Case
from yunheng.ledger.models import Resource
from yunheng.metering.differences import BLOCKING
from yunheng.orgs.models import Institution
from yunheng.rules import periods
from yunheng.rules.overlay import covers
from yunheng.rules.roles import Role
from yunheng.settlement.models import (
    Difference,
    Handling,
    Run,
)
from yunheng.settlement.queries import differences_of

#: 差异的单据号：“单号/服务商代码”一类的取前半
_NUMBER = Func(F("form"), Value("/"), Value(1), function="split_part", output_field=TextField())
_Disputed = TypeVar("_Disputed", Difference, Handling)


class _Span(Func):
    """起、止两栏合成一段日子 `[起, 止)`。"""

    function = "daterange"
    output_field = DateRangeField()


class _Joined(Aggregate):
    """几段日子并起来，可以不相连。"""

    function = "range_agg"
    output_field = DateRangeField()


class _Within(Func):
    """一段日子全在并起来的几段里。"""

    template, arg_joiner = "(%(expressions)s)", " <@ "
    output_field = BooleanField()
    conditional = True


#: 处理到哪一步：未裁定的、已裁定的、不阻断的
OPEN, RULED, NOTE = "open", "ruled", "note"


def visible_differences(actor: Actor, run: Run) -> QuerySet[Difference]:
    """这个角色看得到的差异（R-001）：使用单位、服务商只看自己的。"""
    return concerning(actor, run.service_year, differences_of(run))


def difference_count(actor: Actor, run: Run) -> int:
    """看得到的差异几条；看全区的用批次里记着的数，差异再多也快。"""
    if actor.role is not None and actor.role.own_institution:
        return visible_differences(actor, run).count()
    return run.difference_count


def difference_keys(run: Run | None, resources: Iterable[str]) -> set[tuple[str, str, str]]:
    """批次里这几个资源的差异：（差异, 资源, 目录项）；没有批次的没有。"""
    if run is None:
        return set()
    return set(differences_of(run).filter(resource__in=resources).values_list("code", "resource", "item"))


def concerning(actor: Actor, year: int, rows: QuerySet[_Disputed]) -> QuerySet[_Disputed]:
    """这个角色看得到、可以说明的差异（处理）：使用单位、服务商只有自己的，其余看全区（R-001、R-075）。

    自己的：资源在台账上是本单位、本家的（账目、不计费的账目的资源都在台账上）；单据是本单位、本家的，
    资源还没进台账也算；分派给本机构的。各取各的再并起来：几个条件写在一起“或”，百万条时数据库不会用散列。
    """
    mine = actor.institution or 0
    if actor.role in (Role.CLERK, Role.HEAD):
        resources, forms = Resource.objects.filter(project__unit=mine), Case.objects.filter(unit=mine)
    elif actor.role == Role.PROVIDER:
        resources, forms = Resource.objects.filter(provider=mine), Case.objects.filter(board__provider=mine)
    else:
        return rows
    parts = [rows.filter(resource__in=resources.values("code")), assigned(actor, year, rows)]
    if rows.model is Difference:
        parts += _filed(actor, rows, forms)
    first, *rest = (part.order_by().values("pk") for part in parts)
    return rows.filter(pk__in=first.union(*rest))


def _filed(actor: Actor, rows: QuerySet[Any], forms: QuerySet[Case]) -> Iterator[QuerySet[Any]]:
    """单据是本单位、本家的；“单号/服务商代码”的是另有服务商的平台软件，单位照单号，服务商归那一家。"""
    numbers = forms.values("number")
    if actor.role != Role.PROVIDER:
        yield rows.alias(number=_NUMBER).filter(number__in=numbers)
    else:
        code = Institution.objects.values_list("code", flat=True).get(pk=actor.institution or 0)
        yield rows.filter(form__in=numbers)
        yield rows.filter(form__endswith=f"/{code}")


def assigned(actor: Actor, year: int, rows: QuerySet[_Disputed]) -> QuerySet[_Disputed]:
    """分派给本机构的差异（处理）。"""
    given = Handling.objects.filter(
        service_year=year,
        assignee=actor.institution or 0,
        resource=OuterRef("resource"),
        item=OuterRef("item"),
        code=OuterRef("code"),
    )
    return rows.filter(Exists(given))


def differences(run: Run, resource: str = "") -> list[Difference]:
    """批次（一个资源）的差异，连同处理经过；没裁定的在前，不阻断的在后。"""
    rows = differences_of(run)
    if resource:
        rows = rows.filter(resource=resource)
    return [one for state in (OPEN, RULED, NOTE) for one in with_steps(run, in_state(run, rows, state))]


def in_state(run: Run, rows: QuerySet[Difference], state: str) -> QuerySet[Difference]:
    """处理到这一步的，按次序；全年都裁定过的才算已裁定，以现在的裁定为准，不看批次算没算进去。"""
    if state == NOTE:
        return rows.filter(blocking=False).order_by("seq")
    ruled = _ruled(run)
    return rows.filter(ruled if state == RULED else ~ruled, blocking=True).order_by("seq")


def ever_ruled(run: Run, rows: QuerySet[Difference]) -> QuerySet[Difference]:
    """这些差异里裁定过的，只裁了一段日子的、后来撤回的也在内。"""
    same = {"resource": OuterRef("resource"), "item": OuterRef("item"), "code": OuterRef("code")}
    rules = Handling.objects.filter(service_year=run.service_year, kind=Handling.RULE)
    return rows.filter(Exists(rules.filter(**same)))


def ruled_before(run: Run, rows: QuerySet[Difference]) -> QuerySet[Difference]:
    """上一服务年度裁定过同样的（R-075）：可以看着沿用；裁过又全撤回了的不算，同 `rulings.in_force`。"""
    same = {"resource": OuterRef("resource"), "item": OuterRef("item"), "code": OuterRef("code")}
    rules = Handling.objects.filter(service_year=run.service_year - 1, kind=Handling.RULE).annotate(
        held=_Span(
            Coalesce("from_on", Value(periods.service_year(run.service_year - 1).start)),
            Coalesce("until_on", Value(periods.year_end(run.service_year - 1))),
        )
    )
    later = rules.filter(**same, ruling=Handling.WITHDRAW, pk__gt=OuterRef("pk"))
    withdrawn = later.order_by().values("code").annotate(gone=_Joined("held")).values("gone")
    # 有一天没有被以后的撤回盖住，那一天最后的裁定就不是撤回；一次撤回也没有的，gone 是 NULL
    kept = (
        rules.filter(**same)
        .exclude(ruling=Handling.WITHDRAW)
        .alias(gone=Subquery(withdrawn))
        .filter(Q(gone=None) | ~_Within("held", "gone"))
    )
    return rows.filter(Exists(kept))


def _ruled(run: Run) -> Exists:
    """这条差异现在全年都裁定过：看最近的一条裁定以后是不是。"""
    rules = Handling.objects.filter(service_year=run.service_year, kind=Handling.RULE)
    keys = ("resource", "item", "code")
    latest = rules.order_by(*keys, "-pk").distinct(*keys).values("pk")
    return Exists(
        rules.filter(
            pk__in=latest,
            whole=True,
            resource=OuterRef("resource"),
            item=OuterRef("item"),
            code=OuterRef("code"),
        )
    )


def counts_of(run: Run, rows: QuerySet[Difference]) -> dict[str, dict[str, int]]:
    """这些差异处理到哪一步 → 各种各几条；一条语句数完。"""
    found: dict[str, dict[str, int]] = {OPEN: {}, RULED: {}, NOTE: {}}
    kinds = rows.order_by().annotate(ruled_now=_ruled(run)).values_list("code", "blocking", "ruled_now")
    for code, blocking, ruled, number in kinds.annotate(number=Count("pk")):
        state = (RULED if ruled else OPEN) if blocking else NOTE
        found[state][code] = found[state].get(code, 0) + number
    return found


def with_steps(run: Run, rows: Iterable[Difference]) -> list[Difference]:
    """各条差异附上处理经过；只查这几条的。"""
    found = list(rows)
    handled: dict[tuple[str, str, str], list[Handling]] = {}
    handlings = Handling.objects.filter(service_year=run.service_year, resource__in={one.resource for one in found})
    for step in handlings.select_related("assignee", "file").defer("file__content").order_by("pk"):
        handled.setdefault((step.code, step.resource, step.item), []).append(step)
    for one in found:
        one.steps = handled.get((one.code, one.resource, one.item), ())
    return found


def partly_ruled(actor: Actor, run: Run) -> int:
    """看得到的阻断差异里，现在只裁了一部分日子的几条；只看有按日裁定的资源，差异再多也快。"""
    dated = Handling.objects.filter(service_year=run.service_year, kind=Handling.RULE, whole=False)
    rows = visible_differences(actor, run).filter(blocking=True, resource__in=dated.values("resource"))
    first, final = periods.service_year(run.service_year).start, periods.year_end(run.service_year)
    return sum(bool(one.spans) and not covers(one.spans, first, final) for one in with_steps(run, rows))


def state_counts(run: Run) -> dict[str, dict[str, int]]:
    """处理到哪一步 → 各种差异各几条；几条是批次里记着的，只数已裁定的，差异再多也快。"""
    every = Difference.objects.filter(run=run.base_id or run.pk)
    rows = in_state(run, every, RULED).order_by().values_list("code").annotate(number=Count("pk"))
    ruled = dict(rows)
    blocking = {code: number for code, number in run.differences.items() if int(code[1:]) in BLOCKING}
    return {
        OPEN: {code: number - ruled.get(code, 0) for code, number in blocking.items()},
        RULED: ruled,
        NOTE: {code: number for code, number in run.differences.items() if code not in blocking},
    }
