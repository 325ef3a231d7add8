"""灾备平台费用分摊（M10-五，R-085）：登记资产归属，主管部门定比例，一年一笔按最大余额法拆到分。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from math import lcm

from django.db.models import QuerySet, Sum

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.models import Institution, Kind, Level, Nature
from yunheng.rules import rulebook
from yunheng.rules.money import fen, split
from yunheng.rules.roles import Role
from yunheng.settlement import queries
from yunheng.settlement.models import Freeze, RecoveryAsset, RecoveryCost, RecoveryShare

#: 区级财力承担多少，照哪个参数（M10-五）：共用的全由市级、独用的全由区级承担
_BORNE = {
    RecoveryAsset.SHARED: "disaster_shared_district_share",
    RecoveryAsset.DEDICATED: "disaster_own_district_share",
}


def district_share(kind: str, on: date) -> Decimal | None:
    """这类费用区级财力承担百分之几（M10-五，R-085）；不照比例分的（运维、扩容）为 None。"""
    return rulebook.built_in().settled(_BORNE[kind], on).value if kind in _BORNE else None


def assets() -> list[RecoveryAsset]:
    """各项灾备资产，最近登记的为准。"""
    found = RecoveryAsset.objects.order_by("code", "-pk").distinct("code").select_related("owner")
    return list(found)


def share_of(code: str, year: int) -> RecoveryShare | None:
    """这一年用的比例：自这年或更早起的，最近定的。"""
    return RecoveryShare.objects.filter(code=code, from_year__lte=year).order_by("-from_year", "-pk").first()


def costs() -> QuerySet[RecoveryCost]:
    """各年费用，更正过的只列最近的，近的在前；`replaces` 是更正前的那一条。"""
    return RecoveryCost.objects.filter(replaced_by=None).select_related("replaces").order_by("-service_year", "code")


def borne(year: int) -> Decimal:
    """这个服务年度登记了的灾备费用里，区级财力承担多少（元，R-085）；服务商、街镇和非预算单位不算区级财力，自己付。"""
    return _district(*(cost.shares for cost in costs().filter(service_year=year)))


def _district(*shares: Mapping[str, str]) -> Decimal:
    """各家承担里，区级财力的合计多少元。"""
    payers = {one.code for one in Institution.objects.filter(level=Level.DISTRICT) if _funded(one)}
    found = (amount for one in shares for code, amount in one.items() if code in payers)
    return sum(map(Decimal, found), Decimal("0.00"))


def _funded(payer: Institution) -> bool:
    """由市、区财力付：不是服务商，也不是自己付账的街镇、非预算单位（D62-九）。"""
    return payer.kind != Kind.PROVIDER and payer.nature in ("", Nature.DISTRICT)


def _unfit(asset: RecoveryAsset, ratios: Mapping[str, Decimal | str], on: date) -> Iterator[str]:
    """这样分合不合条款：扩容不分，运维归现在的归属单位，共用只由市级、独用只由区级承担（M10-五）。

    定比例时看，记费用时照那天的归属再看一遍：定了以后更正过归属的，要重新定。
    """
    if asset.kind == RecoveryAsset.EXPANSION:
        yield f"{asset.name}是扩容，由区与中标方另签合同、自行支付，不在这里分摊（M10-五，R-085）"
    elif asset.kind == RecoveryAsset.UPKEEP:
        if set(ratios) != {asset.owner.code}:
            yield f"{asset.name}是运维费，按资产归属由{asset.owner.name}承担（M10-五，R-085）"
    else:
        share = district_share(asset.kind, on) or Decimal(0)
        bearing = {level for level, part in ((Level.CITY, 100 - share), (Level.DISTRICT, share)) if part}
        payers = list(Institution.objects.filter(code__in=ratios).order_by("code"))
        if others := [one.name for one in payers if one.level not in bearing or not _funded(one)]:
            levels, listed = "、".join(sorted(level.label for level in bearing)), "、".join(others)
            yield f"{asset.name}是{asset.kind}部分，由{levels}财力承担，不能分给{listed}（M10-五，R-085）"
        elif (own := sum(Decimal(ratios[one.code]) for one in payers if one.level == Level.DISTRICT)) != share:
            yield f"{asset.name}是{asset.kind}部分，区级财力承担 {share}%，现在是 {own}%（M10-五，R-085）"


def register_asset(*, actor: Actor, on: date, code: str, name: str, kind: str, owner: Institution) -> RecoveryAsset:
    """登记一项灾备资产或服务；同一编号再登记就是更正。"""
    if actor.role not in (Role.REVIEWER, Role.AUTHORITY):
        raise NotYours(["灾备资产由区科创中心或区科委登记（M10-五，R-085）"])
    problems = []
    if not code.strip() or not name.strip():
        problems.append("编号、名称都要填（R-085）")
    if kind not in dict(RecoveryAsset._meta.get_field("kind").choices or ()):
        problems.append("费用只有共用、独用、运维、扩容四类（M10-五，R-085）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = RecoveryAsset.objects.create(
            code=code.strip()[:32], name=name.strip()[:200], kind=kind, owner=owner, on=on, by=str(actor)
        )
        journal.note("登记灾备资产", code, after={"名称": name, "费用": kind, "归属": owner.name})
    return made


def decide(
    *, actor: Actor, on: date, code: str, ratios: Mapping[str, Decimal], document: str, from_year: int
) -> RecoveryShare:
    """主管部门定分摊比例（百分数，合计 100）；没有登记的资产、合计不到 100、没有依据的抛 Refused。"""
    if actor.role != Role.AUTHORITY:
        raise NotYours(["灾备费用的分摊比例由区科委决定（M10-五，R-085）"])
    problems = []
    asset = next((one for one in assets() if one.code == code), None)
    if asset is None:
        problems.append(f"没有登记过编号 {code} 的灾备资产（R-085）")
    known = set(Institution.objects.filter(code__in=ratios).values_list("code", flat=True))
    problems += [f"没有代码是 {one} 的机构（R-085）" for one in ratios if one not in known]
    if any(ratio <= 0 for ratio in ratios.values()):
        problems.append("每家的比例应大于 0；不承担的不列（R-085）")
    if (total := sum(ratios.values(), Decimal(0))) != 100:
        problems.append(f"比例合计 {total}%，应为 100%（R-085）")
    if not document.strip():
        problems.append("写明依据的文号（R-085）")
    if asset:
        problems += _unfit(asset, ratios, on)
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        kept = {one: f"{ratio.normalize():f}" for one, ratio in sorted(ratios.items())}
        made = RecoveryShare.objects.create(
            code=code, ratios=kept, document=document.strip()[:200], from_year=from_year, on=on, by=str(actor)
        )
        journal.note("定灾备分摊比例", code, after={"比例": kept, "依据": document})
    return made


def shares(amount: Decimal, ratios: Mapping[str, str]) -> dict[str, Decimal]:
    """一笔费用（元）按比例拆到分：最大余额法，合计一分不差。"""
    exact = {code: Decimal(ratio) for code, ratio in sorted(ratios.items())}
    scale = lcm(*(ratio.as_integer_ratio()[1] for ratio in exact.values()))
    weights = [int(ratio * scale) for ratio in exact.values()]
    parts = split(fen(f"{amount:.2f}"), weights)
    return {code: Decimal(part) / 100 for code, part in zip(exact, parts, strict=True)}


def budgeted(year: int) -> Decimal | None:
    """算进了预算的灾备区级承担（元）：报送的方案里的，和各次补差并进去的；方案还没有报送、退回重编的为 None。"""
    settles = queries.year_cases(year).filter(number=0).first()
    plan = queries.latest_plan(settles.case) if settles else None
    if plan is None or plan.case.board.step == "plan":
        return None
    merged = Freeze.objects.filter(service_year=year).aggregate(sum=Sum("recovery"))["sum"]
    return plan.recovery + (merged or Decimal(0))


def _number(year: int) -> str:
    """这一年度的结算，办件编号。"""
    return "、".join(one.case.number for one in queries.year_cases(year).filter(number=0))


def _fixed(year: int, earlier: RecoveryCost, parts: Mapping[str, str]) -> str:
    """更正成这样为什么不行：都算进了预算的不能改；有报送以后才登记、没有并进补差的，改了以后合计不少于算进预算的才行。"""
    kept = budgeted(year)
    if kept is None:
        return ""
    now = borne(year)
    if now > kept and now - _district(earlier.shares) + _district(parts) >= kept:
        return ""
    return (
        f"{year} 服务年度的结算项目方案已经报送（{_number(year)}），算进了预算的灾备费用不能再更正；退回重编的可以"
        "（R-080、R-085）"
    )


def bill(
    *, actor: Actor, on: date, code: str, year: int, amount: Decimal, document: str, reason: str = ""
) -> RecoveryCost:
    """记某服务年度的一笔灾备费用，照定了的比例拆到分；扩容的不收。

    记过的再记就是更正，要写 `reason`，旧的留着；算进了预算的不能改：方案报送以前记的、并进了补差的。
    """
    if actor.role != Role.REVIEWER:
        raise NotYours(["灾备费用由区科创中心记（M10-五，R-085）"])
    problems = []
    asset = next((one for one in assets() if one.code == code), None)
    share = share_of(code, year)
    if asset is None:
        problems.append(f"没有登记过编号 {code} 的灾备资产（R-085）")
    elif asset.kind == RecoveryAsset.EXPANSION:
        problems += _unfit(asset, {}, on)
    elif share is None:
        problems.append(f"{asset.name} {year} 服务年度的分摊比例还没有定，不能拆（M10-五，R-085）")
    else:
        problems += (f"{problem}；现行比例不合，请区科委重新定" for problem in _unfit(asset, share.ratios, on))
    if amount <= 0:
        problems.append(f"费用应大于 0，现在是 {amount}（R-085）")
    if not document.strip():
        problems.append("写明依据（R-085）")
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, year)
        earlier = costs().filter(code=code, service_year=year).first()
        if earlier and not reason.strip():
            problems.append(f"{code} {year} 服务年度的费用已记过；记错了要更正的，写明更正的理由（R-085）")
        elif reason.strip() and not earlier:
            problems.append(f"{code} {year} 服务年度还没有记过费用，没有可更正的（R-085）")
        parts = {one: str(part) for one, part in shares(amount, share.ratios).items()} if share else {}
        if earlier and not problems and (problem := _fixed(year, earlier, parts)):
            problems.append(problem)
        if problems:
            raise Refused(problems)
        made = RecoveryCost.objects.create(
            code=code,
            service_year=year,
            amount=amount,
            shares=parts,
            replaces=earlier,
            reason=reason.strip()[:200],
            document=document.strip()[:200],
            on=on,
            by=str(actor),
        )
        journal.note(
            "更正灾备费用" if earlier else "记灾备费用",
            code,
            before={"费用": str(earlier.amount), "各家": earlier.shares} if earlier else None,
            after={"服务年度": year, "费用": str(amount), "各家": parts, "理由": made.reason},
        )
    return made
