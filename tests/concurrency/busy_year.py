"""一直计量、一直付款，或批准一次冻结；每办成一次打印一行。给断电测试用：参数 measure、pay 合同号、freeze 编号。"""

from __future__ import annotations

import sys
from decimal import Decimal

import django

django.setup()


def main(kind: str, number: str = "") -> None:
    """办到被杀为止。"""
    from tests.support.people import cast
    from tests.support.year import JULY, YEAR
    from yunheng.settlement import operations, paying
    from yunheng.settlement.models import Contract, Run, RunOrder
    from yunheng.settlement.runs import running

    people = cast()
    if kind == "freeze":
        from tests.support.year import act
        from yunheng.cases.models import Case

        case = Case.objects.get(number=number)
        print("开始", flush=True)
        act("kw", case, "approve")
        print("冻 结", flush=True)
        return
    contract = Contract.objects.get(number=number) if kind == "pay" else None
    count = contract.payments.count() if contract else 0
    print("开始", flush=True)
    while True:
        if contract:
            count += 1
            paying.pay(
                actor=people["shy"],
                on=JULY,
                contract=contract,
                amount=Decimal("0.01"),
                paid_on=JULY,
                voucher=f"P{count}",
            )
            print(f"付 P{count}", flush=True)
        else:
            if not RunOrder.objects.filter(run=None, problems=[]).exists():
                operations.order_run(actor=people["shy"], on=JULY, year=YEAR, kind="年度")
            running.work_once()
            print(f"批 {Run.objects.latest('pk').pk}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
