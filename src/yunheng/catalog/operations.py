"""写目录：起一版、导入各行、发布；流程的关口和效果（R-012、R-013）。价格版本由各版重折。"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from psycopg.types.range import Range

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused, Stale
from yunheng.cases.models import Case
from yunheng.cases.operations import Doing, open_case, register_effect, register_guard
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.rules import editions
from yunheng.rules.periods import year_end
from yunheng.rules.roles import Role

from . import queries
from .models import Edition, EditionDraft, Item, Listing, Price
from .sheet import COLUMNS, FIXED, TITLES, Row, checked, digest, told

#: 一句话里最多点名几项
_SHOWN = 5
#: 级别 → 流程、由谁提出
LEVELS = {"市级": ("catalog_city", Role.CITY_OPERATOR), "区级": ("catalog_district", Role.REVIEWER)}

#: 结算一章登记的：计量已经冻结的服务年度
_frozen: list[Callable[[], Iterable[int]]] = []


def start(*, actor: Actor, on: date, level: str) -> Case:
    """起一版目录：从最近的一版照抄下来改，发布了还没生效的也算。"""
    if level not in LEVELS:
        raise Refused([f"目录只有市级、区级两级，没有“{level}”（M6-15，R-014）"])
    code, role = LEVELS[level]
    if actor.role != role or actor.institution is None:
        raise NotYours([f"{level}目录由{role.label}提出（M6-15，R-012）"])
    with unit_of_work(actor):
        unit = Institution.objects.get(pk=actor.institution)
        case = open_case(actor=actor, on=on, procedure_code=code, unit=unit, subject=f"{level}服务目录")
        begin(case, level)
    return case


def begin(case: Case, level: str) -> EditionDraft:
    """照抄最近的一版，记下是哪一版：之后又发布了别的，要并进来才能报送（R-013）。"""
    base = queries.latest(level)
    rows = [row.plain() for row in queries.rows_of(base)] if base else []
    return EditionDraft.objects.create(case=case, level=level, base=base, rows=rows)


def save(
    *, actor: Actor, case: Case, seen: int, effective_on: date, basis: str, rows: Sequence[Mapping[str, str]] | None
) -> EditionDraft:
    """存编制中的一版：`rows` 为 None 是只改生效日、依据。各行有错抛 Refused，逐行说明。"""
    with unit_of_work(actor) as journal:
        draft = _editable(actor, case, seen)
        before = _keyed(draft.rows)
        if rows is not None:
            draft.rows = _fit(draft.level, rows)
        draft.effective_on, draft.basis, draft.version = effective_on, basis.strip()[:300], draft.version + 1
        draft.save()
        changed = _changed(before, _keyed(draft.rows))
        journal.note("编目录", case.number, after={"生效日": str(effective_on), "改了": _named(changed)})
    return draft


def rehearse(level: str, rows: Sequence[Mapping[str, str]]) -> tuple[list[Row], list[str]]:
    """查一遍要导入的各行：（各行, 问题），问题逐条写明第几行；什么也不写。"""
    good, problems = checked(rows, level)
    return good, [*problems, *_conflicts(good)]


def _fit(level: str, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    good, problems = rehearse(level, rows)
    if problems:
        raise Refused(problems)
    return [row.plain() for row in good]


def take_in(*, actor: Actor, case: Case, seen: int, rows: Sequence[Mapping[str, str]], name: str) -> EditionDraft:
    """整本换成导入的各行，记下换以前的，没有再改过的可以整批撤销（R-011）。`name` 是文件名，进留痕。"""
    with unit_of_work(actor) as journal:
        draft = _editable(actor, case, seen)
        before = draft.rows
        draft.rows, draft.version = _fit(draft.level, rows), draft.version + 1
        draft.before_import = {"rows": before, "version": draft.version, "name": name}
        draft.save()
        changed = _changed(_keyed(before), _keyed(draft.rows))
        journal.note("导入目录", case.number, after={"文件": name, "行数": len(draft.rows), "改了": _named(changed)})
    return draft


def undo_import(*, actor: Actor, case: Case, seen: int) -> EditionDraft:
    """整批撤销最近一次导入，回到导入以前的各行；导入以后又改过的抛 Refused，不连带撤掉后改的（R-011）。"""
    with unit_of_work(actor) as journal:
        draft = _editable(actor, case, seen)
        if draft.before_import is None:
            raise Refused(["没有可以撤销的导入（R-011）"])
        if not draft.undoable:
            raise Refused(["导入以后又改过，不能整批撤销：撤了后改的也没有了；请再导入一份对的（R-011）"])
        name, draft.rows = draft.before_import["name"], draft.before_import["rows"]
        draft.before_import, draft.version = None, draft.version + 1
        draft.save()
        journal.note("撤销导入目录", case.number, after={"文件": name, "行数": len(draft.rows)})
    return draft


def rebase(*, actor: Actor, case: Case, seen: int) -> EditionDraft:
    """并入起草以后新发布的一版：本版改过的留着，没改过的照新的；两边都改了的以本版为准，留痕写明是哪些。"""
    with unit_of_work(actor) as journal:
        draft = _editable(actor, case, seen)
        newest = queries.latest(draft.level)
        if newest is None or newest.pk == draft.base_id:
            raise Refused([f"起草以后{draft.level}目录没有发布过新的一版，不用并入（R-013）"])
        old = _keyed(row.plain() for row in queries.rows_of(draft.base)) if draft.base else {}
        own, new = _keyed(draft.rows), _keyed(row.plain() for row in queries.rows_of(newest))
        mine, theirs = _changed(old, own), _changed(old, new)
        merged = {key: row for key, row in new.items() if key not in mine}
        merged |= {key: own[key] for key in mine if key in own}
        both = {key for key in mine & theirs if own.get(key) != new.get(key)}
        draft.rows = [merged[key] for key in sorted(merged)]
        draft.base, draft.version = newest, draft.version + 1
        draft.save()
        journal.note(
            "并入新的一版",
            case.number,
            after={"新的一版": newest.number, "本版改的": _named(mine), "两边都改了": _named(both)},
        )
    return draft


def _editable(actor: Actor, case: Case, seen: int) -> EditionDraft:
    """锁住编制中的一版；不在编制、不由他改抛 NotYours，别人刚改过抛 Stale。"""
    draft = EditionDraft.objects.select_for_update().get(case=case)
    role = LEVELS[draft.level][1]
    if actor.role != role or case.board.step not in ("draft", "compile"):
        raise NotYours([f"目录在提出、编制时由{role.label}改（M6-15，R-012）"])
    if draft.version != seen:
        raise Stale(["这一版刚被别人改过，请看过最新的再改"], draft.version)
    return draft


_Rows = Mapping[tuple[str, str], Mapping[str, str]]


def _keyed(rows: Iterable[Mapping[str, str]]) -> _Rows:
    """（目录项, 服务商）→ 各栏；以前存下的缺几栏的补空。"""
    return {(row["目录项"], row["服务商"]): {column: row.get(column, "") for column in COLUMNS} for row in rows}


def _changed(before: _Rows, after: _Rows) -> set[tuple[str, str]]:
    return {key for key in {*before, *after} if before.get(key) != after.get(key)}


def _named(keys: Iterable[tuple[str, str]]) -> list[str]:
    """写进留痕的，最多五十项。"""
    return sorted(" ".join(key).strip() for key in keys)[:50]


def _conflicts(rows: Sequence[Row]) -> Iterator[str]:
    """与已有目录项不一致的：换了单价、数量的意思就变的各栏，各版必须相同；名称、服务内容、服务标准可以改。"""
    known = {item.code: item for item in Item.objects.select_related("provider")}
    codes = set(providers().values_list("code", flat=True))
    sellers: dict[str, set[str]] = {}
    for row in rows:
        sellers.setdefault(row.item, set()).add(row.provider)
    for row in rows:
        if row.provider and row.provider not in codes:
            yield f"第 {row.number} 行 {row.item}：没有代码为 {row.provider} 的云服务商（R-011）"
        item = known.get(row.item)
        if item is None:
            continue
        for name in ("level", *FIXED):
            if getattr(item, name) != getattr(row, name):
                title = TITLES.get(name, "级别")
                yield (
                    f"第 {row.number} 行 {row.item}：{title}以前各版是 {told(item, name)}，现在是 {told(row, name)}；"
                    "变了，单价和在用数量的意思就变了，请另列新目录项，旧项取消（M6-16，R-013）"
                )
        if item.provider and item.provider.code not in sellers[row.item]:
            yield (
                f"第 {row.number} 行 {row.item}：这一项由{item.provider.name}提供，这一版里没有它的一行；"
                "换一家提供的请另列新目录项，旧项取消（M6-16，R-013）"
            )


def publish(
    *,
    actor: Actor,
    on: date,
    level: str,
    effective_on: date,
    basis: str,
    rows: Sequence[Row],
    number: str,
    case: Case | None = None,
) -> Edition:
    """发布一版，重折价格版本；新的目录项一并登记。"""
    with unit_of_work(actor) as journal:
        owners = {one.code: one for one in providers()}
        items = {item.code: item for item in Item.objects.all()}
        for row in rows:
            if row.item not in items:
                items[row.item] = Item.objects.create(
                    code=row.item,
                    name=row.name,
                    category=row.category,
                    unit=row.unit,
                    pricing=row.pricing,
                    cycle=row.cycle,
                    level=level,
                    logged=row.logged,
                    dimension=row.dimension,
                    architecture=row.architecture,
                    provider=owners.get(row.provider) if row.category != "基础设施" else None,
                )
        edition = Edition.objects.create(
            number=number,
            level=level,
            effective_on=effective_on,
            basis=basis[:300],
            case=case,
            digest=digest(rows),
            on=on,
            by=str(actor),
        )
        Listing.objects.bulk_create(
            Listing(
                edition=edition,
                item=items[row.item],
                provider=owners.get(row.provider),
                unit_price=row.unit_price,
                name=row.name,
                content=row.content,
                standard=row.standard,
            )
            for row in rows
        )
        _rename(level)
        refold(level)
        after: dict[str, object] = {"级别": level, "生效日": str(effective_on), "行数": len(rows)}
        if edition.backfilled:
            after["历史补录"] = True
        journal.note("发布目录", number, after=after)
    return edition


def _rename(level: str) -> None:
    """目录项的名称照最近一版的：别的页面用它，各版的页面用各版自己的。"""
    edition = queries.latest(level)
    renamed = [
        Item(pk=item, name=name)
        for item, name, known in Listing.objects.filter(edition=edition)
        .values_list("item", "name", "item__name")
        .distinct()
        if name != known
    ]
    Item.objects.bulk_update(renamed, ["name"])


def refold(level: str) -> None:
    """由各版重折这一级的价格版本。"""
    items = {item.code: item for item in Item.objects.filter(level=level)}
    owners = {one.code: one for one in providers()}
    Price.objects.filter(item__level=level).delete()
    Price.objects.bulk_create(
        Price(
            item=items[span.item],
            provider=owners.get(span.provider or ""),
            unit_price=span.unit_price,
            during=Range(span.start, span.until),
        )
        for span in queries.folded(level)
    )


# ── 流程里的关口和效果 ──


def ready(doing: Doing) -> Iterator[str]:
    """报出、发布之前：有生效日、依据、各行；接着最近的一版，或者是历史补录。"""
    # 两版同时发布的排队：后一版看得到前一版，不会都照同一版发布
    hold(Lock.CATALOG)
    draft = EditionDraft.objects.select_related("base").get(case=doing.case)
    if not draft.rows:
        yield "目录一行都没有（M6-15，R-011）"
    if not draft.basis:
        yield "依据不能为空：写明采购结果或调整的文件（M6-15、M6-16，R-012）"
    if draft.effective_on is None:
        yield "生效日不能为空（R-013）"
    elif draft.effective_on < doing.on:
        yield from backfill_problems(draft, doing.on)
    else:
        yield from stale_problems(draft)


def stale_problems(draft: EditionDraft) -> Iterator[str]:
    """起草以后又发布了别的一版，或者生效日排在它前面：照旧的发布会把那一版改的悄悄改回去（R-013）。"""
    newest = queries.latest(draft.level)
    if newest is None:
        return
    if newest.pk != draft.base_id:
        was = f"起草时最近的是 {draft.base.number}" if draft.base else "起草时还没有一版"
        yield (
            f"{was}，现在已有 {newest.number}（{newest.effective_on} 起生效）；"
            "请先“并入最新的一版”，重新比对再办（M6-16，R-013）"
        )
    if draft.effective_on is not None and draft.effective_on < newest.effective_on:
        yield (
            f"生效日 {draft.effective_on} 早于最近的一版 {newest.number} 的 {newest.effective_on}；"
            "到那天整本换成它，这一版改的就没有了，请定在那天或以后（M6-16，R-013）"
        )


def backfill_problems(draft: EditionDraft, on: date) -> Iterator[str]:
    """生效日已过的只能是历史补录：补上以前没有单价的日子，已有单价的日子一天都不能变（R-013、R-084）。"""
    assert draft.effective_on is not None
    rows, _ = checked(draft.rows, draft.level)
    prices = {(row.item, row.provider or None): row.unit_price for row in rows}
    before, after = queries.folded(draft.level), queries.folded(draft.level, (draft.effective_on, prices))
    altered = sorted({f"{one.item} {one.provider or ''}".strip() for one in editions.altered(before, after)})
    if altered:
        more = f"等 {len(altered)} 项" if len(altered) > _SHOWN else ""
        yield (
            f"生效日 {draft.effective_on} 已经过去，今天是 {on}；历史账单永远按当期的版本，不能往回改价："
            f"{'、'.join(altered[:_SHOWN])}{more} 在已有单价的日子里会变（M6-16，R-013）。"
            "只有补上以前没有单价的日子才可以补录（M10-四(六)，R-084）"
        )
        return
    if before and draft.effective_on >= min(one.start for one in before):
        frozen = sorted(year for years in _frozen for year in years() if year_end(year) > draft.effective_on)
        if frozen:
            yield (
                f"生效日 {draft.effective_on} 已经过去，{frozen[0]} 服务年度的计量已经冻结，"
                "不能再补录这以后的单价（M10-四(六)，R-084）"
            )


def release(doing: Doing) -> None:
    """发布。"""
    draft = EditionDraft.objects.get(case=doing.case)
    rows, problems = rehearse(draft.level, draft.rows)
    if problems:
        raise Refused(problems)
    assert draft.effective_on is not None
    publish(
        actor=doing.actor,
        on=doing.on,
        level=draft.level,
        effective_on=draft.effective_on,
        basis=draft.basis,
        rows=rows,
        number=doing.case.number,
        case=doing.case,
    )


def register_frozen(years: Callable[[], Iterable[int]]) -> None:
    """结算一章登记：计量已经冻结的服务年度有哪些。"""
    _frozen[:] = [years]


def register() -> None:
    """启动时登记。"""
    register_guard("catalog_ready", ready)
    for code, _ in LEVELS.values():
        register_effect(code, "publish", release)
