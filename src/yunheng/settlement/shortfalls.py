"""批复、下达少于预算合计的，写明各家少付多少、缓付还是减少（D14-15，R-081）：只追加，以最近的一条为准。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.cases.models import Board, Case
from yunheng.rules.roles import Role
from yunheng.settlement import funding, owing, payables, queries
from yunheng.settlement.models import Freeze, Shortfall

_BASIS = "（D14-15，R-081）"
_MAX_REASON = 500


def handle(*, actor: Actor, on: date, case: Case, kind: str, cuts: Mapping[str, Decimal], reason: str) -> Shortfall:
    """登记怎样处理：`cuts` 是 `funding.parties` 的键 → 少付多少（元），合计等于差额；再登记就替下原来的。

    没有不足、动到已签了合同的、合计不等、没有缘由的抛 Refused；没签的、灾备、管理费照样可以改。
    """
    if actor.role != Role.REVIEWER:
        raise NotYours([f"批复不足怎样处理由区科创中心登记{_BASIS}"])
    freeze = queries.freeze_of(case)
    if freeze is None:
        raise Refused([f"{case.number} 还没有批准，没有批复可处理{_BASIS}"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, freeze.service_year)
        kept = {key: amount for key, amount in cuts.items() if amount}
        if problems := [*_not_now(case), *_signed_moved(case, kind, kept), *_unfit(case, kind, kept), *_unsaid(reason)]:
            raise Refused(problems)
        most = funding.limit(case)
        assert most is not None
        made = Shortfall.objects.create(
            case=case,
            limit=most[1],
            kind=kind,
            cuts={key: str(amount) for key, amount in sorted(kept.items())},
            reason=reason.strip(),
            on=on,
            by=str(actor),
        )
        # 不再付的使年度结算费用少了，管理费的上限跟着降：这一件签超了的先按新上限重签；以前各件签了的在补差里收回
        signed = funding.fee_signed(freeze)
        if made.kind == Shortfall.REDUCE and signed and (room := funding.fee_room(freeze.service_year)) < 0:
            raise Refused(
                [
                    f"这样减少以后，专项管理费照实际应付算的上限比已签的少 {-room} 元：先作废管理费的合同，减了以后"
                    "照上限重签（D14-16(监管机制)，R-082）"
                ]
            )
        journal.note(
            "处理批复不足", case.number, after={"怎样": kind, "少付": made.cuts, "照": most[0], "缘由": made.reason}
        )
    return made


def waive(*, actor: Actor, on: date, case: Case, document: str, reason: str) -> Shortfall:
    """区科委决定缓付的不再付：整件改成减少，凭文号；没有办结的、已并进补差的、没有缓付的抛 Refused。

    管理费因此超了上限的不拦（`funding.fee_over` 处处点名），起补差收回。
    """
    if actor.role != Role.AUTHORITY:
        raise NotYours([f"缓付的不再付由区科委决定{_BASIS}"])
    freeze = queries.freeze_of(case)
    if freeze is None:
        raise Refused([f"{case.number} 还没有批准，没有缓付的{_BASIS}"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, freeze.service_year)
        last, problems = funding.shortfall_of(case), [*_unsaid(reason)]
        if not Board.objects.get(case=case).outcome:
            problems.append(f"{case.number} 还没有办结，由区科创中心改怎样处理{_BASIS}")
        if last is None or last.kind != Shortfall.DEFER:
            problems.append(f"{case.number} 没有缓付的{_BASIS}")
        if later := Freeze.objects.filter(base=freeze).select_related("case").first():
            problems.append(f"缓付的已并进 {later.case.number}，在那一件里处理{_BASIS}")
        elif (begun := owing.in_hand(freeze)) and begun.board.step != "draft":
            # 提交时照并进去的定了要不要下达，批准以前也不能抽走
            problems.append(f"补差 {begun.number} 已提交、要并进去的，先退回重新计量再定不再付{_BASIS}")
        if not document.strip():
            problems.append(At("document", f"写明决定的文号{_BASIS}"))
        if problems:
            raise Refused(problems)
        assert last is not None
        made = Shortfall.objects.create(
            case=case,
            limit=last.limit,
            kind=Shortfall.REDUCE,
            cuts=last.cuts,
            reason=f"不再付（{document.strip()[:100]}）：{reason.strip()}"[:_MAX_REASON],
            on=on,
            by=str(actor),
        )
        journal.note(
            "缓付的不再付", case.number, before={"怎样": last.kind, "少付": last.cuts}, after={"缘由": made.reason}
        )
    return made


def _not_now(case: Case) -> Iterator[str]:
    if Board.objects.get(case=case).outcome:
        yield f"{case.number} 已经办完，不能再改；欠着的由补差结清{_BASIS}"


def _signed_moved(case: Case, kind: str, cuts: Mapping[str, Decimal]) -> Iterator[str]:
    """签了合同的照签的时候定的：少付多少、缓付还是减少都不能变；管理费减了以后不能比签了的少。"""
    freeze = queries.freeze_of(case)
    assert freeze is not None
    before, fixed = funding.shortfall_of(case), funding.cuts_signed(case)
    moved = {
        key
        for key, cut in fixed.items()
        if cuts.get(key, Decimal(0)) != cut or (cut and before and before.kind != kind)
    }
    if moved:
        numbers = payables.contracts_of(freeze).filter(unit=None, fee=False, provider__code__in=moved)
        signed = "、".join(numbers.order_by("number").values_list("number", flat=True))
        yield f"已签了合同 {signed}，先作废再改这{'几' if len(moved) > 1 else '一'}家怎样处理；没签的可以改{_BASIS}"
    wanted = funding.need(case)
    most = (wanted.supervision if wanted else Decimal(0)) - cuts.get(Shortfall.SUPERVISION, Decimal(0))
    if (signed_fee := funding.fee_signed(freeze)) > most:
        yield At(
            f"cut:{Shortfall.SUPERVISION}",
            f"专项管理费已签 {signed_fee} 元，减到 {most} 元就不够付了，先作废管理费的合同{_BASIS}",
        )
    left = (wanted.recovery if wanted else Decimal(0)) - cuts.get(Shortfall.RECOVERY, Decimal(0))
    if (settled := funding.recovery_settled(freeze)) > left:
        yield At(
            f"cut:{Shortfall.RECOVERY}",
            f"灾备区级承担已登记 {settled} 元，减到 {left} 元就不够付了，先冲回多登记的{_BASIS}",
        )


def _unfit(case: Case, kind: str, cuts: Mapping[str, Decimal]) -> Iterator[str]:
    short, parties = funding.shortage(case), funding.parties(case)
    if not short:
        yield f"批复、申请、下达都不少于预算合计，没有要处理的{_BASIS}"
        return
    if kind not in (Shortfall.DEFER, Shortfall.REDUCE):
        yield At("kind", f"请选择缓付还是减少{_BASIS}")
    for key, amount in cuts.items():
        if key not in parties:
            yield f"预算合计里没有付给“{key[:20]}”的{_BASIS}"
        elif not 0 <= amount <= parties[key]:
            yield At(f"cut:{key}", f"少付的应在 0 与这一家的 {parties[key]} 元之间，填的是 {amount}{_BASIS}")
    if (total := sum(cuts.values(), Decimal(0))) != short:
        yield f"各家少付合计 {total} 元，应等于差额 {short} 元，差 {short - total} 元{_BASIS}"


def _unsaid(reason: str) -> Iterator[str]:
    if not reason.strip():
        yield At("reason", f"写明为什么这样处理、依据什么{_BASIS}")
    elif len(reason.strip()) > _MAX_REASON:
        yield At("reason", f"缘由最多 {_MAX_REASON} 字，现在 {len(reason.strip())} 字{_BASIS}")
