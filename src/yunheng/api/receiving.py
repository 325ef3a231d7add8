"""接收接口的三个入口，和它们收什么。"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import ValidationError
from ninja.params.functions import Body
from ninja.security import APIKeyHeader

from yunheng.audit.actor import Actor
from yunheng.ledger.arrivals import Order, Row, Seen, Usage, explained
from yunheng.ledger.models import Source
from yunheng.ledger.operations import MAX_BATCH, Conflict, receive
from yunheng.rules.digest import sm3
from yunheng.rules.roles import Role


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
        problems.append(f"{number}{name}：{explained(one)}")
    return api.create_response(request, {"problems": problems}, status=422)


@api.exception_handler(Conflict)
def conflict(request: HttpRequest, error: Conflict) -> HttpResponse:
    """同号内容不同。"""
    return api.create_response(request, {"problems": [str(error)]}, status=409)


def _receive(request: HttpRequest, kind: str, rows: Sequence[Row]) -> Receipt:
    source: Source = request.auth  # type: ignore[attr-defined]
    actor = Actor(
        source.code,
        Role.PROVIDER,
        source.provider.name,
        institution=source.provider_id,
        address=request.META.get("REMOTE_ADDR", ""),
        request=getattr(request, "number", ""),
    )
    new, known = receive(actor=actor, source=source, kind=kind, items=[(row.reference, row.plain()) for row in rows])
    return Receipt(新收=new, 已有=known)


#: 一批的条数
_BATCH = Body(..., min_length=1, max_length=MAX_BATCH)
Refusals = {409: Refusal, 422: Refusal}


@api.post("/orders", response={200: Receipt, **Refusals}, summary="送工单")
def orders(request: HttpRequest, rows: Annotated[list[Order], _BATCH]) -> Receipt:
    """成批送工单，来源编号是工单号加资源、目录项。"""
    return _receive(request, "工单", rows)


@api.post("/logs", response={200: Receipt, **Refusals}, summary="送平台日志")
def logs(request: HttpRequest, rows: Annotated[list[Seen], _BATCH]) -> Receipt:
    """成批送平台日志。"""
    return _receive(request, "日志", rows)


@api.post("/usage", response={200: Receipt, **Refusals}, summary="送用量")
def usage(request: HttpRequest, rows: Annotated[list[Usage], _BATCH]) -> Receipt:
    """成批送用量。"""
    return _receive(request, "用量", rows)
