"""批次以后、冻结以前又到的平台数据（R-052、R-075、R-083）。

提交复算时，说的是那一年的日子、使导出的内容变了的，和新起的几个来源不等的用量，都拦下，请重新计量；重复的、别的年度的、
不计入的不拦。提交以后到的不算进这一批，写明几件，走补差，同冻结以后到的。更正和处理由 `staleness` 看。
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from yunheng.cases.models import Case
from yunheng.ledger.models import Received
from yunheng.rules import periods
from yunheng.settlement import queries
from yunheng.settlement.models import ADJUST, YEARLY, Freeze, Run
from yunheng.settlement.runs import late, paths, staleness, touched
from yunheng.settlement.runs import package as packing

ORDER, LOG, USAGE = "工单", "日志", "用量"
#: 资源、目录项、动作
_Act = tuple[str, str, str]


def _told(kinds: Mapping[str, int]) -> str:
    """几件平台数据，各种几件。"""
    parts = "、".join(f"{kind} {kinds[kind]:,}" for kind in (ORDER, LOG, USAGE) if kinds.get(kind))
    return f"{sum(kinds.values()):,} 件平台数据（{parts}）"


def problems(run: Run) -> Iterator[str]:
    """提交复算以前：批次没有读到而会改变结果的，没有了结的新冲突。要重新读几张表，只在这一关用；裁定试算另有话说。"""
    if run.base_id:
        return
    with transaction.atomic():
        found = late.unread(run)
        if not found:
            return
        kinds = _changing(run, found)
        contested = _contested(run)
    if kinds:
        yield f"批次 {run.pk} 以后又收到 {_told(kinds)}，请重新计量（R-052、R-075、R-077）"
    if contested:
        yield (
            f"批次 {run.pk} 以后又有 {len(contested)} 天的用量从几个来源送来、合计不等，例如 {contested[0]}，"
            "请重新计量，再定取哪一边（R-052、R-075）"
        )


def _changing(run: Run, found: set[int]) -> Counter[str]:
    """没有读到的各件里，说到的用量、日志、工单现在导出的与数据包里的不同的，各种几件。"""
    first, last = periods.service_year(run.service_year).start.isoformat(), run.until_on.isoformat()
    arrived = list(Received.objects.filter(pk__in=found, corrects=None).values_list("kind", "payload"))
    acts = {_act(payload) for kind, payload in arrived if kind == ORDER}
    tables = packing.tables(run.service_year) if acts else None
    if tables is None:
        paths.gather()
    touched.gather("SELECT unnest(%(found)s::bigint[])", {"found": list(found)})
    days, resources = staleness.differing(run, touched.usage(first, last), touched.logs())
    changed = _reordered(run, acts, staleness.current(tables)) if tables else set()
    kinds: Counter[str] = Counter()
    for kind, payload in arrived:
        if kind == ORDER:
            kinds[kind] += _act(payload) in changed
        elif kind == LOG:
            kinds[kind] += payload["资源"] in resources
        else:
            kinds[kind] += (payload["资源"], payload["目录项"], payload["日期"]) in days
    return +kinds


def _act(payload: Mapping[str, str]) -> _Act:
    return payload["资源"], payload["目录项"], payload["动作"]


def _reordered(run: Run, acts: set[_Act], now: staleness.Rows) -> set[_Act]:
    """这几个动作里，现在导出的工单与数据包里的不同的；工单号不论。"""
    with staleness.packed(staleness.package_of(run)) as rows:
        before, after = (_orders(one, acts) for one in (rows, now))
    return {act for act in acts if before[act] != after[act]}


def _orders(rows: staleness.Rows, acts: set[_Act]) -> defaultdict[_Act, Counter[tuple[str, ...]]]:
    found: defaultdict[_Act, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for _, form, resource, item, action, *rest in rows(staleness.ORDERS):
        if (act := (resource, item, action)) in acts:
            found[act][form, *rest] += 1
    return found


def _contested(run: Run) -> list[str]:
    """现在合计不等、还没有定的各天里，批次没有列过的，和列过以后各来源的合计又变了的；要在 `paths.gather` 以后。"""
    known = {(one.resource, one.item, one.used_on): one.totals for one in run.contested.all()}
    return [
        f"{one['resource']} {one['item']} {one['used_on']}"
        for one in paths.leftover(run.service_year).contested
        if not one["chosen"] and known.get((one["resource"], one["item"], one["used_on"])) != one["totals"]
    ]


# ── 给人看的 ──


@dataclass(frozen=True)
class Pending:
    """没有冻结的一批以后又到的：各种几件；`submitted` 是已经提交复算，不再算进去。"""

    year: int
    run: Run
    found: frozenset[int]
    kinds: Mapping[str, int]
    submitted: bool

    @property
    def count(self) -> int:
        """一共几件。"""
        return len(self.found)

    @property
    def text(self) -> str:
        """一句话：又收到几件，怎样办。"""
        said = f"批次 {self.run.pk} 以后又收到 {_told(self.kinds)}"
        if self.submitted and "工单" in self.kinds:
            return (
                f"{said}；这一批已提交复算：工单变了的不能批准，请退回重新计量，或查明不对的作废；"
                "用量、日志不再算进去，改变结果的走补差"
            )
        if self.submitted:
            return f"{said}；这一批已提交复算，不再算进去，改变结果的走补差"
        return f"{said}；改变结果的，提交复算以前要重新计量"


def pending(year: int, known: Mapping[int, Freeze] | None = None) -> Pending | None:
    """这一年最近的年度批次（冻结过的，最近的补差批次）以后又到的；冻结了的看 `late.standing`，没有的为 None。

    页面上用，只数没有读到的收件，不比内容；没有存过读到哪里的老批次不知道，提交时再比。`known` 见 `queries.frozen`。
    """
    freeze = queries.frozen(year, known)
    run = queries.latest_run(year, ADJUST if freeze else YEARLY)
    if run is None or (freeze and run.pk <= freeze.run_id):
        return None
    given = next((last for one in queries.year_cases(year) if (last := _submitted(one.case))), None)
    run = given or run.base or run
    found = late.unread(run, novel=True) if run.read.get("收件") else None
    if not found:
        return None
    kinds = Received.objects.filter(pk__in=found).values_list("kind").annotate(Count("pk"))
    return Pending(year, run, frozenset(found), dict(kinds), given is not None)


def _submitted(case: Case) -> Run | None:
    """提交了复算、还没有冻结的批次；没有提交、退回了、撤回了的为 None。"""
    if case.board.outcome or case.board.step == "draft" or queries.freeze_of(case):
        return None
    return queries.submitted(case)


def all_pending(known: Mapping[int, Freeze] | None = None) -> list[Pending]:
    """各年度没有冻结的批次以后又到的；`known` 见 `queries.frozen`。"""
    years = set(Run.objects.filter(kind__in=(YEARLY, ADJUST)).values_list("service_year", flat=True))
    return [one for year in sorted(years) if (one := pending(year, known))]


def listed(one: Pending, limit: int, offset: int) -> list[Received]:
    """又到的收件，新收的在前。"""
    rows = Received.objects.filter(pk__in=one.found).select_related("source__provider", "corrects")
    return list(rows.order_by("-pk")[offset : offset + limit])
