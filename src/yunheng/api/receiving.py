"""接收接口的三个入口，和它们收什么。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import ValidationError
from ninja.params.functions import Body
from ninja.security import APIKeyHeader
from pydantic import ConfigDict, Field, StringConstraints, field_validator

from yunheng.audit.actor import Actor
from yunheng.ledger.models import Source
from yunheng.ledger.operations import MAX_BATCH, Conflict, receive
from yunheng.rules.digest import sm3
from yunheng.rules.roles import Role

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]


class Row(Schema):
    """收的一条：多出来的键不收。"""

    model_config = ConfigDict(extra="forbid")


class Order(Row):
    """一张工单：列名同结算数据包的“工单”表。"""

    工单号: Code
    单号: Code | Literal[""] = ""
    资源: Code
    目录项: Code
    动作: Literal["新增", "变更", "释放"]
    数量: Quantity | None = None
    完成日期: date

    @field_validator("完成日期")
    @classmethod
    def sensible(cls, value: date) -> date:
        """2000 年至 2100 年之间。"""
        if not 2000 <= value.year <= 2100:
            raise ValueError("日期应在 2000 年至 2100 年之间")
        return value


class Seen(Row):
    """一条平台日志：资源的首见、末见日期。`编号` 是来源自己的流水。"""

    编号: Code
    资源: Code
    首见日期: date
    末见日期: date


class Usage(Row):
    """一条用量。"""

    编号: Code
    资源: Code
    目录项: Code
    日期: date
    用量: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]


class Receipt(Schema):
    """收到的回话：新收几条，以前收过几条。"""

    新收: int
    已有: int


class Refusal(Schema):
    """拒绝的理由，逐条。"""

    problems: list[str]


class SourceKey(APIKeyHeader):
    """来源口令：请求头 X-Source-Key。"""

    param_name = "X-Source-Key"

    def authenticate(self, request: HttpRequest, key: str | None) -> Source | None:
        """口令对得上的来源；对不上为空，接口回 401。"""
        del request
        return Source.objects.select_related("provider").filter(key_digest=sm3(key)).first() if key else None


api = NinjaAPI(title="云衡接收接口", version="1", docs_url=None, auth=SourceKey(), urls_namespace="api-1")


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """内容不合格式：第几条、哪一项、怎样不对；整批不收。"""
    problems = []
    for one in error.errors[:100]:
        place = [part for part in one["loc"] if part not in ("body", "rows")]
        number = f"第 {int(place[0]) + 1} 条 " if place and isinstance(place[0], int) else ""
        name = " ".join(str(part) for part in place[1:] if isinstance(part, str))
        problems.append(f"{number}{name}：{_chinese(one)}")
    return api.create_response(request, {"problems": problems}, status=422)


def _chinese(error: dict[str, Any]) -> str:
    known = {
        "missing": "缺这一项",
        "extra_forbidden": "没有这一项",
        "string_too_short": "不能为空",
        "string_too_long": "太长",
        "literal_error": "只能是规定的几种",
        "too_long": f"一批最多 {MAX_BATCH:,} 条",
        "too_short": "一批至少 1 条",
        "json_invalid": "不是合格的 JSON",
    }
    kind = str(error["type"])
    if kind.startswith("date"):
        return "日期应写成 2025-09-30 的样子"
    if kind.startswith(("decimal", "greater_than", "less_than")):
        return "应为不小于 0 的数，位数有限"
    return known.get(kind, "格式不对")


@api.exception_handler(Conflict)
def conflict(request: HttpRequest, error: Conflict) -> HttpResponse:
    """同号内容不同。"""
    return api.create_response(request, {"problems": [str(error)]}, status=409)


def _receive(request: HttpRequest, kind: str, rows: list[tuple[str, Row]]) -> Receipt:
    source: Source = request.auth  # type: ignore[attr-defined]
    actor = Actor(
        source.code,
        Role.PROVIDER,
        source.provider.name,
        institution=source.provider_id,
        address=request.META.get("REMOTE_ADDR", ""),
        request=getattr(request, "number", ""),
    )
    new, known = receive(actor=actor, source=source, kind=kind, items=[(key, _plain(row)) for key, row in rows])
    return Receipt(新收=new, 已有=known)


def _plain(row: Row) -> dict[str, object]:
    """存成与数据包相同的文本：日期 YYYY-MM-DD，数字不带多余的零。"""
    shown: dict[str, object] = {}
    for key, value in row.model_dump().items():
        if isinstance(value, Decimal):
            shown[key] = f"{value.normalize():f}"
        else:
            shown[key] = value.isoformat() if isinstance(value, date) else value or ""
    return shown


#: 一批的条数
_BATCH = Body(..., min_length=1, max_length=MAX_BATCH)
Refusals = {409: Refusal, 422: Refusal}


@api.post("/orders", response={200: Receipt, **Refusals}, summary="送工单")
def orders(request: HttpRequest, rows: Annotated[list[Order], _BATCH]) -> Receipt:
    """成批送工单，来源编号是工单号加资源、目录项。"""
    return _receive(request, "工单", [(f"{row.工单号}/{row.资源}/{row.目录项}", row) for row in rows])


@api.post("/logs", response={200: Receipt, **Refusals}, summary="送平台日志")
def logs(request: HttpRequest, rows: Annotated[list[Seen], _BATCH]) -> Receipt:
    """成批送平台日志。"""
    return _receive(request, "日志", [(row.编号, row) for row in rows])


@api.post("/usage", response={200: Receipt, **Refusals}, summary="送用量")
def usage(request: HttpRequest, rows: Annotated[list[Usage], _BATCH]) -> Receipt:
    """成批送用量。"""
    return _receive(request, "用量", [(row.编号, row) for row in rows])
