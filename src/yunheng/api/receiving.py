"""接收接口：三个收的入口，一个给市级归集取的出口。"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.params.functions import Body
from ninja.parser import Parser
from ninja.security import APIKeyHeader

from yunheng.audit.actor import Actor
from yunheng.audit.refused import NotYours, Refused
from yunheng.ledger import sending
from yunheng.ledger.arrivals import Order, Row, Seen, Usage, explained
from yunheng.ledger.models import Source
from yunheng.ledger.operations import MAX_BATCH, Conflict
from yunheng.ledger.receiving import gathered, receive
from yunheng.metering.jsons import NotJson, once
from yunheng.orgs.access import business_date
from yunheng.orgs.models import Kind
from yunheng.rules.digest import sm3
from yunheng.rules.roles import Role


class Receipt(Schema):
    """收到的回话：新收几条，以前收过几条；照收而对不上的逐条提醒，都进了“对不上的收件”，台账已更正而不采用的、多半写错了的也提醒。"""

    新收: int
    已有: int
    提醒: list[str]


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


class _Once(Parser):
    """同一个键写了两遍的不收：送的人看的是一个数，收下的是另一个。"""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return json.loads(request.body, object_pairs_hook=once)
        except NotJson as error:
            # 框架把读不出的都说成一句，为什么读不出另记着
            request.unread = f"读不出：{error}"  # type: ignore[attr-defined]
            raise


api = NinjaAPI(
    title="云衡接收接口", version="1", docs_url=None, auth=SourceKey(), urls_namespace="api-1", parser=_Once()
)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """内容不合格式：第几条、哪一项、怎样不对；整批不收。"""
    problems = []
    for one in error.errors[:100]:
        place = [part for part in one["loc"] if part not in ("body", "rows")]
        number = f"第 {int(place[0]) + 1} 条 " if place and isinstance(place[0], int) else ""
        # 后面的是哪一种写法不合，不是栏
        name = next((part for part in place[1:] if isinstance(part, str)), "")
        where = f"{number}{name}".strip() or "正文"
        empty = not place and one["type"] == "missing"
        problems.append(f"{where}是空的：{explained({'type': 'list_type'})}" if empty else f"{where}：{explained(one)}")
    return api.create_response(request, {"problems": list(dict.fromkeys(problems))}, status=422)


@api.exception_handler(Conflict)
def conflict(request: HttpRequest, error: Conflict) -> HttpResponse:
    """同号内容不同。"""
    return api.create_response(request, {"problems": [str(error)]}, status=409)


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """有别家名下的资源 403，日期、编号、目录项不对 422；整批不收，逐条说。"""
    status = 403 if isinstance(error, NotYours) else 422
    return api.create_response(request, {"problems": list(error.problems)}, status=status)


def _receive(request: HttpRequest, kind: str, rows: Sequence[Row]) -> Receipt:
    source: Source = request.auth  # type: ignore[attr-defined]
    if source.provider.kind != Kind.PROVIDER:
        raise HttpError(403, "这个口令是市级归集用的，只能取，不能送（M6-13，R-052）")
    actor = Actor(
        source.code,
        Role.PROVIDER,
        source.provider.name,
        institution=source.provider_id,
        address=request.META.get("REMOTE_ADDR", ""),
        request=getattr(request, "number", ""),
    )
    taken = receive(
        actor=actor,
        on=business_date(),
        source=source,
        kind=kind,
        items=[(row.reference, row.plain()) for row in rows],
    )
    return Receipt(新收=taken.new, 已有=taken.known, 提醒=list(taken.reminders))


#: 框架自己说的几种，换成中文
_SAID = {400: "读不出：不是合格的 JSON", 401: "口令不对，或没有带：请求头 X-Source-Key（R-052）"}


@api.exception_handler(HttpError)
def not_allowed(request: HttpRequest, error: HttpError) -> HttpResponse:
    """没有口令、口令的用途不对、内容读不出。"""
    said = getattr(request, "unread", "") or _SAID.get(error.status_code, str(error))
    return api.create_response(request, {"problems": [said]}, status=error.status_code)


#: 序号的上限：再大数据库存不下
MAX_ID = 2**63 - 1
#: 查送过的，一次最多几件
MAX_SENT = 1_000
#: 一批的条数
_BATCH = Body(..., min_length=1, max_length=MAX_BATCH)
Refusals = {403: Refusal, 409: Refusal, 422: Refusal}


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


class Delivered(Schema):
    """送过的一件：`序号` 递增，下次从最大的一个之后取。

    `状态` 是已收、没有采用、已更正、对不上、认给、退回、作废、暂留。
    """

    序号: int
    种类: str
    来源编号: str
    内容: dict[str, object]
    入库时刻: datetime
    状态: str
    说明: str


@api.get("/sent", response={200: list[Delivered], 403: Refusal}, summary="查自己送过什么、处理成什么样")
def delivered(request: HttpRequest, after: int = 0, limit: int = MAX_SENT) -> list[Delivered]:
    """只查得到这个口令的来源自己送的；按序号取 `after` 之后的，一次最多一千件（R-052）。"""
    source: Source = request.auth  # type: ignore[attr-defined]
    rows = sending.of_source(source, max(0, min(after, MAX_ID)), max(1, min(limit, MAX_SENT)))
    return [
        Delivered(
            序号=one.received.pk,
            种类=one.received.kind,
            来源编号=one.received.source_ref,
            内容=one.received.payload,
            入库时刻=one.received.recorded_at,
            状态=one.state,
            说明=one.text,
        )
        for one in sending.described(rows)
    ]


class Gathered(Schema):
    """归集的一件：`序号` 递增，下次从最大的一个之后取。"""

    序号: int
    来源: str
    种类: str
    来源编号: str
    内容: dict[str, object]
    SM3: str
    入库时刻: datetime


@api.get("/received", response={200: list[Gathered], 403: Refusal}, summary="市级归集：取收件箱")
def gather(request: HttpRequest, after: int = 0, limit: int = MAX_BATCH) -> list[Gathered]:
    """区级平台向市级归集（M6-13、D14-8，R-052）：按序号取 `after` 之后的，一次最多一万件，断了照原序号再取。"""
    source: Source = request.auth  # type: ignore[attr-defined]
    if source.provider.kind != Kind.OPERATOR:
        raise HttpError(403, "只有市级运管单位的口令能取归集（M6-13，R-052）")
    rows = gathered(after=max(0, min(after, MAX_ID)), limit=max(1, min(limit, MAX_BATCH)))
    return [
        Gathered(
            序号=row.pk,
            来源=row.source.code,
            种类=row.kind,
            来源编号=row.source_ref,
            内容=row.payload,
            SM3=row.digest,
            入库时刻=row.recorded_at,
        )
        for row in rows
    ]
