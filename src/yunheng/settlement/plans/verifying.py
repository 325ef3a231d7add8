"""效能评估核定（M6-27、M6-34，R-079）：区科委按发布的评估结果加付、减付，单列在结算书里，不动计量结果。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from yunheng.assessment.models import Published
from yunheng.audit.actor import Actor
from yunheng.audit.append_only import newest
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.models import Institution
from yunheng.rules.roles import Role
from yunheng.settlement import funding
from yunheng.settlement.models import Freeze, Verified


def published_for(freeze: Freeze, provider: Institution) -> Published | None:
    """这家这个服务年度发布的效能评估结果；没有为 None。"""
    found = Published.objects.filter(institution=provider, evaluation__service_year=freeze.service_year)
    return newest(found.select_related("evaluation__case"))


def verify(
    *, actor: Actor, on: date, freeze: Freeze, provider: Institution, amount: Decimal, reason: str, document: str
) -> Verified:
    """核定一家的调整；核定过的，这一条替下原来的，0 是不调整了；原来的留着。

    没有发布的评估结果、已报送立项、减成负数、与现在的相同的抛 Refused。
    """
    if actor.role != Role.AUTHORITY:
        raise NotYours(["服务费的核定调整由区科委决定（M6-34，R-079）"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, freeze.service_year)
        problems = []
        result = published_for(freeze, provider)
        due = funding.payable(freeze, provider.code, None)
        if freeze.base_id or freeze.case.board.step != "plan":
            problems.append(
                f"{freeze.case.number} 现在“{freeze.case.board.step_name}”，编方案时才核定、改核定；"
                "报送了的请先退回修改方案（R-079）"
            )
        if result is None:
            problems.append(f"{provider.name} {freeze.service_year} 服务年度没有发布的效能评估结果（M6-34，R-079）")
        if not reason.strip() or not document.strip():
            problems.append("写明理由和文号（R-079）")
        standing = freeze.verified.filter(provider=provider, replaced_by=None).first()
        metered = due - standing.amount if due is not None and standing else due
        given = (amount, reason.strip()[:500], document.strip()[:100])
        if metered is None:
            problems.append(f"结算书里没有要付给{provider.name}的统一支付费用（R-079）")
        elif amount == 0 and (standing is None or standing.amount == 0):
            problems.append("调整不能是 0；不调整就不用登记（R-079）")
        elif standing and given == (standing.amount, standing.reason, standing.document):
            problems.append(f"与{provider.name}现在的核定相同，没有可改的（R-079）")
        elif metered + amount < 0:
            problems.append(f"应付只有 {metered} 元，不能减 {-amount} 元（R-079）")
        if problems:
            raise Refused(problems)
        assert result is not None
        made = Verified.objects.create(
            freeze=freeze,
            provider=provider,
            result=result,
            amount=amount,
            reason=reason.strip()[:500],
            document=document.strip()[:100],
            replaces=standing,
            on=on,
            by=str(actor),
        )
        journal.note(
            "改效能核定" if standing else "效能核定",
            freeze.case.number,
            before={"调整": str(standing.amount), "理由": standing.reason} if standing else None,
            after={"服务商": provider.name, "调整": str(amount), "理由": reason},
        )
    return made
