"""附件5 云服务商绩效考核表（D62-附件5、R-091）：每个服务商一份，列照原表，另加期内事项、扣分和得分。

内容是普通数据 `Sheet`：结算文件由用料拼（`sheet_of`），考核页由事件拼，排版只在 `appraisal_form` 一处。
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from yunheng.rules import periods, scoring

from .blocks import Block, Column, Paper, Paragraph, Table
from .data import Official, Papers

#: 没有录入原文的，每页页脚写着
GIST = "评分标准、指标解释、末段扣减规则是要点，非原文"


@dataclass(frozen=True)
class File:
    """一份证据文件：文件名、SM3，和在系统里的地址。"""

    name: str
    digest: str
    href: str = ""


@dataclass(frozen=True)
class Said:
    """服务商的一次申辩。"""

    day: str
    text: str
    files: tuple[File, ...] = ()


@dataclass(frozen=True)
class Fact:
    """一起事项。`points` 是这一起扣的分，不计的为 0；`finding` 是复核的理由，没有复核为空。

    `case` 是作证据的办件，`shows` 是它说明了什么（按期还是超期、哪天）；`unproved` 是计分而没有证据。

    结算数据包里只有日期和说明，其余各项为空。
    """

    letter: str
    day: str
    text: str
    points: str = ""
    counted: bool = True
    responsibility: str = ""
    reference: str = ""
    case: str = ""
    files: tuple[File, ...] = ()
    replies: tuple[Said, ...] = ()
    finding: str = ""
    found_on: str = ""
    by: str = ""
    id: int = 0
    shows: str = ""
    unproved: bool = False


@dataclass(frozen=True)
class Sheet:
    """一家服务商一个服务年度的考核表。`until` 是期末次日；`basis` 是满意率的依据，`consequence` 是总分意味着什么。

    `official` 是照哪一版原文，空的是要点；`closing` 是原文的末段扣减规则，要点的为空。
    """

    district: str
    provider: str
    year: int
    until: str
    lines: tuple[scoring.Line, ...]
    facts: tuple[Fact, ...]
    satisfaction: str | None
    total: str | None
    rate: str | None
    basis: str = ""
    consequence: str = ""
    official: str = ""
    closing: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """表后的末段扣减规则：有原文的照原文，没有的是要点。"""
        return self.closing or (scoring.deduction_gist(date.fromisoformat(self.until)),)

    def of(self, letter: str) -> tuple[Fact, ...]:
        """一项指标的事项。"""
        return tuple(fact for fact in self.facts if fact.letter == letter)

    def counts(self) -> dict[str, int]:
        """各指标计分的起数。"""
        return {line.letter: sum(fact.counted for fact in self.of(line.letter)) for line in self.lines}

    @property
    def full(self) -> str:
        """七项分值的合计。"""
        return f"{sum(Decimal(line.full) for line in self.lines):f}"


def worded(sheet: Sheet, official: Official | None) -> Sheet:
    """评分标准、指标解释、末段换成录入的原文；没有录入的不变，印要点。"""
    if official is None:
        return sheet
    lines = tuple(
        replace(line, standard=official.rows[line.letter][0], meaning=official.rows[line.letter][1])
        for line in sheet.lines
    )
    return replace(sheet, lines=lines, official=official.title, closing=official.closing)


def restored(content: Mapping[str, Any]) -> Sheet:
    """从存下的 JSON（`asdict` 的结果）还原一张考核表。"""

    def files(given: Sequence[Mapping[str, str]]) -> tuple[File, ...]:
        return tuple(File(**file) for file in given)

    def fact(given: Mapping[str, Any]) -> Fact:
        replies = tuple(Said(**{**said, "files": files(said["files"])}) for said in given["replies"])
        return Fact(**{**given, "files": files(given["files"]), "replies": replies})

    lines = tuple(scoring.Line(**line) for line in content["lines"])
    facts, closing = tuple(fact(one) for one in content["facts"]), tuple(content.get("closing", ()))
    return Sheet(**{**content, "lines": lines, "facts": facts, "closing": closing})


def sheet_of(papers: Papers, provider: str) -> Sheet:
    """一次结算里一个服务商的考核表；没有这个服务商抛 KeyError。"""
    entry = {entry["provider"]: entry for entry in papers.result["assessments"]}[provider]
    own = [event for event in papers.events if event.provider == provider]
    rate = papers.satisfaction.get(provider)
    sheet = Sheet(
        district=papers.result["district"],
        provider=papers.providers[provider],
        year=papers.year,
        until=papers.result["until"],
        lines=scoring.lines(
            Counter(event.indicator for event in own), rate, papers.result["conventions"]["K-06"], papers.until
        ),
        facts=tuple(Fact(event.indicator, event.day.isoformat(), event.note) for event in own),
        satisfaction=rate,
        total=entry["total"],
        rate=entry["deduction_rate"],
        consequence=scoring.consequence(entry["total"], entry["deduction_rate"], papers.until),
    )
    return worded(sheet, papers.official)


def appraisal_form(sheet: Sheet, footnote: str, *, draft: bool = False) -> Paper:
    """考核表的内容，版式照附件5：`draft` 是还没有审定的，标题写明，每页有水印。页脚写明照哪一版原文，或者是要点。"""
    rows = [
        (
            line.title,
            line.full,
            line.standard,
            line.meaning,
            "\n".join(_short(fact) for fact in sheet.of(line.letter) if fact.counted) or line.sentence,
            line.deducted or "—",
            line.score or "—",
        )
        for line in sheet.lines
    ]
    rows.append(("总分", sheet.full, "", "", "", "", sheet.total or "未考核"))
    blocks: list[Block] = [
        Table(
            f"服务商：{sheet.provider}",
            (
                Column("考核指标", 2.6), Column("分值", 1, "center"), Column("评分标准", 4.6), Column("指标解释", 5.8),
                Column("期内事项", 4.6), Column("扣分", 1.1, "center"), Column("得分", 1.1, "center"),
            ),
            rows,
            totals=1,
        ),
        Paragraph("\n".join(sheet.rules), "note"),
        *(Paragraph(text, "note") for text in _notes(sheet)),
        Paragraph("第三方机构（盖章）：　　　　　　　服务商确认：　　　　　　　区科创服务中心（盖章）：　　　　　　　", "note"),
        Paragraph("日期：　　　　年　　月　　日", "note"),
    ]  # fmt: skip
    return Paper(
        title=f"{sheet.district}云服务商绩效考核表" + ("（草稿）" if draft else ""),
        subtitle=f"{periods.years(sheet.year)} 服务年度，计至 {periods.last_day(sheet.until)}（含）",
        footnote=f"{footnote} · {f'照附件5 原文{sheet.official}' if sheet.official else GIST}",
        blocks=(*blocks, *_details(sheet)),
        layout="form",
        label="附件 5",
        landscape=True,
        mark="草稿" if draft else "",
    )


def _short(fact: Fact) -> str:
    return f"{fact.day} {fact.text}" + (f"（{fact.responsibility}）" if fact.responsibility else "")


def _notes(sheet: Sheet) -> Iterator[str]:
    yield sheet.consequence
    for line in sheet.lines:
        if line.floored:
            yield f"{line.title}照 {line.sentence}该扣 {line.asked} 分，扣完为止，实扣 {line.deducted} 分。"
    if sheet.basis:
        yield f"满意率的依据：{sheet.basis}。"


def _details(sheet: Sheet) -> Iterator[Block]:
    """登记过责任、证据、申辩、复核的，逐起另列一张，不计分的也列。"""
    if not any(fact.responsibility or fact.files or fact.replies or fact.finding for fact in sheet.facts):
        return
    yield Table(
        "期内事项明细",
        (
            Column("日期", 2), Column("指标", 1, "center"), Column("事实", 5), Column("责任", 1.6),
            Column("证据（SM3 前八位）", 4), Column("服务商申辩", 4), Column("复核结论", 4), Column("扣分", 1, "center"),
        ),
        [detail_row(fact) for fact in sheet.facts],
    )  # fmt: skip


def detail_row(fact: Fact) -> tuple[str, ...]:
    """事项明细的一行。"""
    shown = f"{fact.case}{f'：{fact.shows}' if fact.shows else ''}" if fact.case else ""
    # 来源编号就是那件办件的，不写两遍
    source = "，".join(filter(None, ("" if fact.reference == fact.case else fact.reference, shown)))
    return (
        fact.day,
        fact.letter,
        fact.text + (f"（{source}）" if source else ""),
        fact.responsibility or "—",
        _files(fact.files) or "—",
        "\n".join(f"{one.day} {one.text}" + (f"（{_files(one.files)}）" if one.files else "") for one in fact.replies)
        or "—",
        verdict(fact),
        fact.points if fact.counted else "不计",
    )


def verdict(fact: Fact) -> str:
    """复核说了什么；没有复核的写“没有复核”。"""
    if not fact.finding:
        return "没有复核"
    return f"{fact.found_on} {'计分' if fact.counted else '不计分'}：{fact.finding}"


def _files(files: tuple[File, ...]) -> str:
    return "、".join(f"{file.name} {file.digest[:8]}" for file in files)
