"""第三方机构名录和委托合同（D14-16(监管机制)，R-089）：登记、人员进退、提前终止、成果；只在委托范围内有权限。"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.periods import last_day
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

from .models import Appointment, Commission, Deliverable, Institution, Kind, Person, Staffing, Termination
from .reading import MAX_ATTACHMENT

#: 看得到全部合同的；第三方机构看自己的
READERS = (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION, Role.FINANCE)
_BASIS = "（D14-16(监管机制)，R-089）"


# ── 读 ──


def commissions() -> QuerySet[Commission]:
    """全部合同，带机构、终止、人员。"""
    moves = Prefetch("staffings", Staffing.objects.select_related("person").order_by("from_on", "pk"))
    return Commission.objects.select_related("institution", "termination").prefetch_related(moves)


def visible(actor: Actor) -> QuerySet[Commission]:
    """看得到的合同，新的在前。"""
    found = commissions().order_by("-from_on", "-pk")
    return found if actor.role in READERS else found.filter(institution=actor.institution or 0)


def uncovered(actor: Actor, on: date, scope: Scope) -> str:
    """第三方机构这天为什么不能办 `scope` 的事：没有委托、没到期、过期、终止、人员里没有；能办、不是第三方机构为空。"""
    if actor.role != Role.THIRD_PARTY:
        return ""
    every = list(commissions().filter(institution=actor.institution or 0))
    found = [one for one in every if scope in one.scopes]
    live = [one for one in found if one.in_force(on)]
    if any(one.names(actor.person, on) for one in live):
        return ""
    if live:
        numbers = "、".join(one.number for one in live)
        return f"合同 {numbers} 的人员里没有{actor.name}，不能办“{scope.label}”的事；请区科创中心登记人员{_BASIS}"
    past = max((one for one in found if one.ends_on <= on), key=lambda one: one.ends_on, default=None)
    coming = min((one for one in found if one.from_on > on), key=lambda one: one.from_on, default=None)
    why = [] if found else ["合同的工作范围里没有这一项" if every else "还没有登记委托合同"]
    if past:
        ends = f"到 {last_day(past.ends_on)}（含）{'提前终止' if past.ended else '期满'}"
        why.append(f"最近一份合同 {past.number} {ends}")
    if coming:
        why.append(f"合同 {coming.number} 自 {coming.from_on} 起才生效")
    return f"{on} 没有在期的“{scope.label}”委托：{'；'.join(why)}；由区科创中心登记合同以后才能办{_BASIS}"


def require(actor: Actor, on: date, scope: Scope) -> None:
    """第三方机构办 `scope` 的事之前：委托在期、人员里有他，否则抛 NotYours；别的角色不受合同约束。"""
    if problem := uncovered(actor, on, scope):
        raise NotYours([problem])


def undeliverable(actor: Actor, on: date, commission: Commission) -> str:
    """受委托的人这天为什么不能交这份合同的成果；能交为空。"""
    if not commission.in_force(on):
        return f"合同 {commission.number} 的合同期是 {commission.span}，{on} 不在期，不能交成果{_BASIS}"
    if not commission.names(actor.person, on):
        return f"合同 {commission.number} 的人员里没有{actor.name}，不能交成果{_BASIS}"
    return ""


def of_year(year: int) -> QuerySet[Commission]:
    """费用列入这个服务年度的合同。"""
    return commissions().filter(service_year=year).order_by("number")


def fees(year: int) -> Decimal:
    """列入这个服务年度的委托费用合计（元）。"""
    return sum((one.charge for one in of_year(year)), Decimal("0.00"))


def registry() -> QuerySet[Institution]:
    """第三方机构名录，按代码。"""
    return Institution.objects.filter(kind=Kind.THIRD_PARTY).order_by("code")


def staff(institution: Institution, on: date) -> QuerySet[Person]:
    """这天在这家第三方机构任职的人，可以写进合同。"""
    serving = Appointment.objects.filter(institution=institution, role=Role.THIRD_PARTY, from_on__lte=on)
    serving = serving.exclude(until_on__lte=on)
    return Person.objects.filter(pk__in=serving.values("person")).order_by("username")


#: 专项管理费的上限由结算一章登记：服务年度 →（照哪个服务年度的结算, 上限元）；还没有结算过为 None
_ceilings: list[Callable[[int], tuple[int, Decimal] | None]] = []


def register_ceiling(reader: Callable[[int], tuple[int, Decimal] | None]) -> None:
    """登记怎样读专项管理费的上限（R-082）。"""
    _ceilings[:] = [reader]


def ceiling(year: int) -> tuple[int, Decimal] | None:
    """这个服务年度可参照的上限。"""
    return _ceilings[0](year) if _ceilings else None


# ── 写 ──


@dataclass(frozen=True)
class Terms:
    """合同写的：合同号、工作范围（`Scope` 的值）、资质和依据、费用（元）和它列入的服务年度、期间 [起, 止)、签订日。"""

    number: str
    scopes: Collection[str]
    qualification: str
    service_year: int
    fee: Decimal
    from_on: date
    until_on: date
    signed_on: date

    def problems(self, on: date) -> list[str]:
        """`on` 这天登记，哪里写得不对。"""
        found = [*_scope_problems(self.scopes)]
        if self.from_on >= self.until_on:
            found.append(At("last_on", f"至（含）{last_day(self.until_on)} 早于起 {self.from_on}{_BASIS}"))
        if not self.number.strip():
            found.append(f"合同号不能为空{_BASIS}")
        if not self.qualification.strip():
            found.append(f"写明资质和选定的依据：应委托具有专业资质的机构{_BASIS}")
        if self.fee < 0:
            found.append(f"费用不能是负数，现在是 {self.fee} 元{_BASIS}")
        if self.signed_on > on:
            found.append(f"签订日 {self.signed_on} 还没到，今天是 {on}{_BASIS}")
        return found


def register(
    *, actor: Actor, on: date, institution: Institution, terms: Terms, people: Collection[Person]
) -> Commission:
    """登记一份委托合同和它的人员；有一处不对都不存，一次列全。"""
    if actor.role != Role.REVIEWER:
        raise NotYours([f"委托合同由区科创中心登记{_BASIS}"])
    number = terms.number.strip()
    problems = terms.problems(on)
    if institution.kind != Kind.THIRD_PARTY:
        problems.append(f"{institution.name}不是第三方机构{_BASIS}")
    if Commission.objects.filter(number=number).exists():
        problems.append(f"合同号 {number} 已登记过{_BASIS}")
    if not people:
        problems.append(f"至少写一名人员：不在人员里的，有合同也不能办{_BASIS}")
    serving = set(staff(institution, max(on, terms.from_on)).values_list("pk", flat=True))
    problems += [f"{one.name}不在{institution.name}任职{_BASIS}" for one in people if one.pk not in serving]
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = Commission.objects.create(
            institution=institution,
            number=number,
            scopes=[scope.value for scope in Scope if scope in terms.scopes],
            qualification=terms.qualification.strip()[:500],
            service_year=terms.service_year,
            fee=terms.fee,
            from_on=terms.from_on,
            until_on=terms.until_on,
            signed_on=terms.signed_on,
            on=on,
            by=str(actor),
        )
        Staffing.objects.bulk_create(
            Staffing(commission=made, person=one, joins=True, from_on=made.from_on, on=on, by=str(actor))
            for one in people
        )
        journal.note(
            "登记委托合同",
            number,
            after={
                "机构": institution.name,
                "工作范围": "、".join(scope.label for scope in made.covers),
                "人员": "、".join(one.name for one in people),
                "费用": f"{made.fee}，列入 {made.service_year} 服务年度",
                "起止": made.span,
            },
        )
    return made


def _scope_problems(scopes: Collection[str]) -> list[str]:
    known = {scope.value for scope in Scope}
    problems = [f"没有“{one[:20]}”这项工作范围{_BASIS}" for one in scopes if one not in known]
    return problems or ([] if scopes else [f"至少选一项工作范围{_BASIS}"])


def move(
    *, actor: Actor, on: date, commission: Commission, person: Person, joins: bool, from_on: date, reason: str
) -> Staffing:
    """人员进退：自 `from_on` 起；已办的事不回头，所以不能早于今天。"""
    if actor.role != Role.REVIEWER:
        raise NotYours([f"委托合同的人员由区科创中心登记{_BASIS}"])
    problems = []
    if from_on < on:
        problems.append(f"自何日起不能早于今天 {on}，现在是 {from_on}{_BASIS}")
    if not commission.from_on <= from_on < commission.ends_on:
        problems.append(f"{from_on} 不在合同期 {commission.span}里{_BASIS}")
    if joins == commission.names(person.pk, from_on):
        problems.append(f"{person.name}{'已在' if joins else '本来就不在'}合同的人员里{_BASIS}")
    if joins and not staff(commission.institution, from_on).filter(pk=person.pk).exists():
        problems.append(f"{person.name}不在{commission.institution.name}任职{_BASIS}")
    if any(one.person_id == person.pk and one.from_on > from_on for one in commission.staffings.all()):
        problems.append(f"{person.name}在 {from_on} 之后已有登记，请从那以后再改{_BASIS}")
    if not reason.strip():
        problems.append(f"写明人员变动的缘由{_BASIS}")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = Staffing.objects.create(
            commission=commission,
            person=person,
            joins=joins,
            from_on=from_on,
            reason=reason.strip()[:300],
            on=on,
            by=str(actor),
        )
        journal.note(
            f"委托人员{'进' if joins else '退'}",
            commission.number,
            after={"人员": person.name, "自": str(from_on), "缘由": reason},
        )
    return made


def terminate(
    *, actor: Actor, on: date, commission: Commission, until_on: date, fee: Decimal, reason: str
) -> Termination:
    """提前终止：到 `until_on`（不含）为止，实际的费用 `fee` 元；已办的事不回头，所以不能早于今天。"""
    if actor.role != Role.REVIEWER:
        raise NotYours([f"委托合同由区科创中心终止{_BASIS}"])
    problems = []
    if commission.ended:
        last = last_day(commission.ended.until_on)
        problems.append(f"合同 {commission.number} 已提前终止，到 {last}（含）为止{_BASIS}")
    if until_on < on:
        problems.append(At("last_on", f"至（含）不能早于昨天 {last_day(on)}，现在是 {last_day(until_on)}{_BASIS}"))
    if until_on >= commission.until_on:
        last = last_day(commission.until_on)
        problems.append(At("last_on", f"合同本来就到 {last}（含），提前终止应更早{_BASIS}"))
    if not 0 <= fee <= commission.fee:
        problems.append(f"实际的费用应在 0 至合同的 {commission.fee} 元之间，现在是 {fee} 元{_BASIS}")
    if not reason.strip():
        problems.append(f"写明提前终止的缘由{_BASIS}")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = Termination.objects.create(
            commission=commission, until_on=until_on, fee=fee, reason=reason.strip()[:500], on=on, by=str(actor)
        )
        journal.note(
            "终止委托合同",
            commission.number,
            after={"至（含）": str(last_day(until_on)), "实际的费用": str(fee), "缘由": reason},
        )
    return made


def deliver(
    *, actor: Actor, on: date, commission: Commission, scope: str, title: str, name: str, content: bytes
) -> Deliverable:
    """交一件成果：合同在期、工作范围里有这一项、人员里有他，由第三方机构自己交。"""
    if actor.role != Role.THIRD_PARTY or actor.institution != commission.institution_id:
        raise NotYours([f"成果由受委托的第三方机构交{_BASIS}"])
    problems = _scope_problems([scope])
    if not problems and scope not in commission.scopes:
        problems.append(f"合同 {commission.number} 的工作范围里没有“{Scope(scope).label}”，不能交这项成果{_BASIS}")
    if problem := undeliverable(actor, on, commission):
        problems.append(problem)
    if not title.strip():
        problems.append(f"写明成果的名称{_BASIS}")
    if not content:
        problems.append(f"请选择成果文件，空文件不收{_BASIS}")
    elif len(content) > MAX_ATTACHMENT:
        problems.append(f"“{name}”超过 {MAX_ATTACHMENT // 1048576} MB，请压缩或分开上传{_BASIS}")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = Deliverable.objects.create(
            commission=commission,
            scope=scope,
            title=title.strip()[:200],
            name=name[-200:],
            size=len(content),
            digest=sm3_bytes(content),
            content=content,
            on=on,
            by=str(actor),
        )
        journal.note(
            "交委托成果",
            commission.number,
            after={"工作范围": Scope(scope).label, "名称": made.title, "文件": made.name, "SM3": made.digest},
        )
    return made
