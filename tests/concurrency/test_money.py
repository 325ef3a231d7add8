"""钱这条路的并发和断电：批次要么全有要么没有，冻结的谁也改不了，支付怎样抢也不超合同（R-081、R-083、R-112）。"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.support.people import cast
from tests.support.year import JULY, YEAR, act, appraised, approved, budgeted, measured, recomputed, supervisor, used
from yunheng.audit.refused import Refused
from yunheng.cases.models import Board
from yunheng.config.proving import prove
from yunheng.orgs.models import Institution
from yunheng.settlement import funding, operations, paying
from yunheng.settlement.footing import footing
from yunheng.settlement.models import BillLine, Contract, Freeze, Payment, Run, RunFile, RunOrder
from yunheng.settlement.plans import planning

pytestmark = pytest.mark.usefixtures("committed")
ROUNDS = 12
#: 照现有的一条再添一条
COLUMNS = (
    'unit, project, resource, item, provider, form, "order", quantity, from_on, until_on, days, unit_price, amount,'
    " payer, differences"
)
ADD_ONE = (
    f"INSERT INTO settlement_billline (run_id, disputed, seq, {COLUMNS})"
    f" SELECT run_id, disputed, 999999, {COLUMNS} FROM settlement_billline LIMIT 1"
)


def proven() -> None:
    assert [(proof.name, proof.problems) for proof in prove() if proof.problems] == []


def killed(env: dict[str, str], *given: str, wait: float) -> list[str]:
    """起一个一直在办的进程，过一会儿 kill -9；返回它确认过的。"""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.busy_year", *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
    )
    assert worker.stdout
    assert worker.stdout.readline() == "开始\n"
    time.sleep(wait)
    worker.kill()
    lines = [line.strip() for line in worker.stdout if line.endswith("\n")]
    worker.wait()
    return lines


def test_计量的任何一刻被杀_批次要么全有要么没有_重启后接着办(committed: dict[str, str]) -> None:
    used()
    random.seed(7)
    confirmed = [line for _ in range(ROUNDS) for line in killed(committed, "measure", wait=random.random() * 0.9)]
    for line in confirmed:
        assert Run.objects.filter(pk=int(line.split()[1])).exists()
    run = measured() if not RunOrder.objects.filter(run=None, problems=[]).exists() else _finish()
    for one in Run.objects.all():
        assert list(footing(one)) == []
        assert one.files.count() == 2
    assert RunFile.objects.count() == 2 * Run.objects.count()
    assert Run.objects.values("digest").distinct().count() == 1
    assert run.line_count > 0
    proven()


def test_冻结的任何一刻被杀_批准和冻结要么都有要么都没有(committed: dict[str, str], tmp_path: Path) -> None:
    used()
    appraised()
    run = measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    act("dsf", case, "match")
    random.seed(9)
    tries = 0
    while not Freeze.objects.filter(case=case).exists():
        tries += 1
        confirmed = killed(committed, "freeze", case.number, wait=random.random() * 0.004 * tries)
        frozen = Freeze.objects.filter(case=case).exists()
        approved = case.events.filter(step="approve", act="approve").exists()
        assert frozen == approved == (Board.objects.get(case=case).step == "plan")
        assert frozen or not confirmed
        assert tries < 60
    assert Freeze.objects.filter(case=case).count() == 1
    assert tries > 1
    proven()


def _finish() -> Run:
    from yunheng.settlement.runs.running import work_once

    # 被杀的那个的锁，数据库要过一会儿才放
    deadline = time.monotonic() + 30
    while not work_once():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return Run.objects.latest("pk")


def contracted(folder: Path) -> Contract:
    case = budgeted(folder)
    freeze = Freeze.objects.get(case=case)
    for number, row in enumerate(freeze.run.head["summary"]["unified"]):
        paying.sign(
            actor=cast()["shy"], on=JULY, freeze=freeze, provider=Institution.objects.get(code=row["provider"]),
            number=f"HT-{number}", amount=Decimal(row["net"]), signed_on=JULY,
        )  # fmt: skip
    act("shy", case, "signed")
    return Contract.objects.get(number="HT-0")


def test_支付的任何一刻被杀_确认过的都在_没有多付的(committed: dict[str, str], tmp_path: Path) -> None:
    used()
    contract = contracted(tmp_path)
    random.seed(8)
    confirmed = [
        line for _ in range(8) for line in killed(committed, "pay", contract.number, wait=random.random() * 0.3)
    ]
    vouchers = set(Payment.objects.filter(contract=contract).values_list("voucher", flat=True))
    assert {line.split()[1] for line in confirmed} <= vouchers
    assert len(confirmed) <= len(vouchers) <= len(confirmed) + 8
    assert contract.paid_total == len(vouchers) * Decimal("0.01")
    proven()


def test_八处同时付同一份合同_合起来也不超(tmp_path: Path) -> None:
    used()
    contract = contracted(tmp_path)
    third = (contract.amount / 3).quantize(Decimal("0.01"))

    def pay(number: int) -> bool:
        try:
            paying.pay(
                actor=cast()["shy"], on=JULY, contract=contract, amount=third, paid_on=JULY, voucher=f"P{number}"
            )
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(pay, range(16)))
    assert done.count(True) in (2, 3)
    assert contract.paid_total <= contract.amount
    proven()


def two_contracts(folder: Path) -> tuple[Contract, Contract]:
    """同一付款人、付给两家的两份合同：联通的服务费，第三方的专项管理费。"""
    case = approved(folder)
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=Decimal(100))
    act("shy", case, "report")
    total = str(funding.figure(case, "need"))
    for who, code, key in (("kw", "grant", "approved"), ("shy", "apply", "applied"), ("cz", "grant", "granted")):
        act(who, case, code, fields={key: total, "document": "松科委〔2026〕12号"})
    freeze = Freeze.objects.get(case=case)
    due = funding.payable(freeze, "CU", None)
    assert due is not None
    unicom = Institution.objects.get(code="CU")
    first = paying.sign(
        actor=cast()["shy"], on=JULY, freeze=freeze, provider=unicom, number="HT-0", amount=due, signed_on=JULY
    )
    fee = paying.sign_fee(
        actor=cast()["shy"], on=JULY, freeze=freeze, institution=supervisor(), number="JG-0", amount=Decimal(100),
        signed_on=JULY,
    )  # fmt: skip
    return first, fee


def test_R081_同一凭证号同时登记到两份合同_恰好成一笔_支付和冲回抢同一个号也一样(tmp_path: Path) -> None:
    used()
    contracts = two_contracts(tmp_path)
    cent = Decimal("0.01")

    def passed(do: Callable[[], object]) -> bool:
        try:
            do()
        except Refused:
            return False
        finally:
            connection.close()
        return True

    def paid(contract: Contract, voucher: str) -> Callable[[], object]:
        return lambda: paying.pay(
            actor=cast()["shy"], on=JULY, contract=contract, amount=cent, paid_on=JULY, voucher=voucher
        )

    def reversed_(payment: Payment, voucher: str) -> Callable[[], object]:
        return lambda: paying.reverse(
            actor=cast()["shy"], on=JULY, payment=payment, amount=cent, paid_on=JULY, voucher=voucher, reason="退票"
        )

    cast()
    with ThreadPoolExecutor(8) as pool:
        for number in range(ROUNDS):
            done = list(pool.map(passed, [paid(contracts[index % 2], f"P{number}") for index in range(4)]))
            assert done.count(True) == Payment.objects.filter(voucher=f"P{number}").count() == 1
        for number, payment in enumerate(Payment.objects.filter(contract=contracts[0]).order_by("pk")):
            both = [reversed_(payment, f"T{number}"), paid(contracts[1], f"T{number}")]
            assert list(pool.map(passed, both)).count(True) == 1
            assert Payment.objects.filter(voucher=f"T{number}").count() == 1
    proven()


def test_八处同时要同一年的计量_只排上一次() -> None:
    used()

    def order(_: int) -> bool:
        try:
            operations.order_run(actor=cast()["shy"], on=JULY, year=YEAR, kind="年度")
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(order, range(8)))
    assert done.count(True) == RunOrder.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement_billline SET amount = amount + 0.01",
        "DELETE FROM settlement_billline",
        "UPDATE settlement_run SET digest = 'sm3:0'",
        "DELETE FROM settlement_freeze",
        "TRUNCATE settlement_payment",
        "UPDATE settlement_contract SET amount = 1",
        ADD_ONE,
        "ALTER TABLE settlement_billline DISABLE TRIGGER ALL",
        "DROP TABLE settlement_billline",
    ],
)
def test_R083_冻结的结算_用应用角色直接写SQL也改不了_加不进一条(
    committed: dict[str, str], tmp_path: Path, statement: str
) -> None:
    used()
    budgeted(tmp_path)
    before = list(BillLine.objects.order_by("pk").values_list("pk", "amount"))
    with psycopg.connect(committed["DATABASE_URL"]) as raw, pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw.execute(statement.encode())
    assert list(BillLine.objects.order_by("pk").values_list("pk", "amount")) == before
    proven()
