"""凭证号（R-081）：一个付款人的一张凭证只用一次；付同一家、同一天付几份合同的，写明合计才能合用。

付款人各编各的号：统一支付的是区科创中心，自行支付的是那个单位；重号只在同一付款人里查，
话里也就不会说出别人付给谁、付了多少（R-001）。灾备区级承担的拨付也是区科创中心付的，与它的合同支付同一本号；
登记的号去掉首尾空白和零宽、全角折成半角再存（`number_of`），比的时候空白、大小写、长短横也不分（`alike`）。
规矩在登记时看，库里不加约束：从前登记过的重号不动，`prove` 列出来提示。
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from yunheng.audit.refused import At
from yunheng.settlement.models import Contract, Digits, Payment, RecoveryPayment, digits_of
from yunheng.tables import folding

_BASIS = "（R-081）"


def problems(contract: Contract, voucher: str, paid_on: date, amount: Decimal, total: Decimal | None) -> Iterator[str]:
    """这一笔为什么不能用这个凭证号。`total` 是同一凭证各笔的合计（元），不合用的为 None。"""
    number = number_of(voucher)
    if not number:
        yield "凭证号不能为空"
        return
    earlier = list(of(number, contract.unit_id))
    if contract.unit_id is None:
        yield from _spent_on_recovery(number)
    if total is None:
        if earlier:
            yield (
                f"凭证号 {number} 已登记过（{_said(earlier[0])}）；"
                f"同日同一凭证付同一家几份合同的，各笔都勾“同一凭证”并写合计{_BASIS}"
            )
        return
    spent = sum((one.amount for one in earlier), Decimal(0))
    if (amount > 0) != (total > 0) or abs(spent + amount) > abs(total):
        yield f"凭证 {number} 写的合计是 {total}，已登记 {spent}，再登记 {amount} 就超了{_BASIS}"
    for one in earlier:
        if wrong := _apart(one, contract, paid_on, total):
            yield f"凭证号 {number} 已登记过（{_said(one)}），{wrong}{_BASIS}"


def lone_problems(voucher: str) -> Iterator[str]:
    """区科创中心的一笔灾备拨付（或它的冲回）为什么不能用这个凭证号：不与别的合用。"""
    number = number_of(voucher)
    if not number:
        yield At("voucher", "凭证号不能为空")
    elif earlier := of(number, None).first():
        yield At("voucher", f"凭证号 {number} 已登记过（{_said(earlier)}），灾备拨付用自己的凭证号{_BASIS}")
    else:
        yield from _spent_on_recovery(number)


def _spent_on_recovery(number: str) -> Iterator[str]:
    every = RecoveryPayment.objects.all()
    if one := every.filter(pk__in=alike(every, number)).order_by("pk").first():
        yield At("voucher", f"凭证号 {number} 已登记过（{one.paid_on} 灾备拨付 {one.amount} 元），不能再用{_BASIS}")


def number_of(text: str) -> str:
    """凭证号怎样存。"""
    return folding.code(text)


def spelled(text: str, payer: int | None) -> str:
    """合用一张凭证的各笔存成同一个写法：先登记的那样写。"""
    number = number_of(text)
    first = of(number, payer).first()
    return first.voucher if first else number


def alike(rows: QuerySet[Any], number: str) -> list[int]:
    """`rows` 里凭证号就是这个号的各笔：只差空白、大小写、长短横的也是。从前登记的照原样存着，所以还要逐个比。

    比哪几个，在数据库里先照号里的数字挑（有索引）：写法折来折去，数字和它的先后不变，挑不漏。
    """
    wanted = folding.same_number(number)
    near = rows.alias(digits=Digits("voucher")).filter(digits=digits_of(number))
    return [pk for pk, one in near.values_list("pk", "voucher") if folding.same_number(one) == wanted]


def _apart(one: Payment, contract: Contract, paid_on: date, total: Decimal) -> str:
    """`one` 为什么不能与这一笔合用一张凭证；能合用为空。"""
    before = one.contract
    if one.voucher_total is None:
        return "那一笔没有勾“同一凭证”，不能合用"
    if before.pk == contract.pk:
        return "同一份合同不能用同一凭证登记两笔"
    if before.provider_id != contract.provider_id:
        return f"那一笔是付给{before.provider.name}的，不是同一家"
    if one.paid_on != paid_on:
        return f"那一笔是 {one.paid_on} 付的，不是同一天"
    if one.voucher_total != total:
        return f"那一笔写的合计是 {one.voucher_total}，这一笔写的是 {total}"
    return ""


def _said(one: Payment) -> str:
    return f"{one.paid_on} 合同 {one.contract.number} {one.amount} 元"


def of(number: str, payer: int | None) -> QuerySet[Payment]:
    """这个付款人用了这个凭证号的各笔，先登记的在前；`payer` 是自行支付的单位，空是区科创中心。"""
    every = Payment.objects.filter(contract__unit=payer)
    return every.filter(pk__in=alike(every, number)).order_by("pk").select_related("contract__provider")


def unfilled(contracts: Iterable[Contract]) -> Iterator[str]:
    """这几份合同用到的、合计还没有登记满的凭证：办结之前要登记满，写错了合计的冲回重登。"""
    used = Payment.objects.filter(contract__in=contracts, voucher_total__isnull=False)
    keys = set(used.values_list("voucher", "contract__unit"))
    yield from _unfilled(one for number, payer in sorted(keys, key=str) for one in of(number, payer))


def _unfilled(payments: Iterable[Payment]) -> Iterator[str]:
    """合计没有登记满的各张凭证；各笔都已冲回的不再算，冲回一部分的也是更正过了（一笔只冲一次，没有别的路）。"""
    groups: dict[tuple[str, int, Decimal], list[Payment]] = {}
    for one in payments:
        if one.voucher_total is not None:
            groups.setdefault((one.voucher, one.contract.unit_id or 0, one.voucher_total), []).append(one)
    reversed_ = set(Payment.objects.exclude(reverses=None).values_list("reverses", flat=True))
    for (number, _, total), rows in sorted(groups.items(), key=lambda item: item[0]):
        spent = sum((one.amount for one in rows), Decimal(0))
        if spent != total and not reversed_.issuperset(one.pk for one in rows):
            yield (
                f"凭证 {number} 写的合计是 {total} 元，只登记了 {spent} 元，差 {total - spent} 元："
                f"还有别的合同没登记的，补登；合计写错了的，把这张凭证的各笔（{'；'.join(map(_said, rows))}）都冲回，"
                f"另用凭证号重登{_BASIS}"
            )


def hints() -> Iterator[str]:
    """核对时的提示：同一付款人没有写明合用的重号，合计没有登记满的。都不算不符。"""
    alone = Payment.objects.filter(voucher_total=None).order_by()
    repeated = alone.values("voucher", "contract__unit").annotate(count=Count("pk")).filter(count__gt=1)
    for row in repeated.order_by("voucher", "contract__unit"):
        same = of(row["voucher"], row["contract__unit"])
        numbers = sorted({one.contract.number for one in same})
        used = f"合同 {'、'.join(numbers)}，合计 {same.aggregate(sum=Sum('amount'))['sum']} 元"
        yield f"凭证号 {row['voucher']} 登记了 {row['count']} 笔（{used}），请核对{_BASIS}"
    yield from _unfilled(Payment.objects.exclude(voucher_total=None).select_related("contract").order_by("pk"))
