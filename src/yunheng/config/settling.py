"""一次结算从头到尾：读包、校验、结算、写盘；要么全有，要么全无。"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from yunheng import __version__
from yunheng.metering import engine, oracle, reading, result
from yunheng.metering.opening import opened
from yunheng.metering.reading import Package
from yunheng.rules import conventions, periods
from yunheng.rules.workdays import published_workday

SETTLEMENT, RECORD = "结算.json", "运行记录.json"


class OutputRefused(Exception):
    """输出目录不能用：已有内容。"""


class Progress:
    """在终端上用一行显示做到哪一步；不是终端时不出声。"""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream if stream.isatty() else None

    def __call__(self, step: str, share: float) -> None:
        """`share` 是 0 到 1 的进度。"""
        if self._stream:
            bar = "█" * round(share * 20)
            self._stream.write(f"\r\033[K{bar:░<20} {share:4.0%} {step}" if share < 1 else "\r\033[K")
            self._stream.flush()


@dataclass(frozen=True)
class Choices:
    """一次结算的选择。`conventions` 是试算另选的口径；`naive` 用逐日笨算法；`memory` 是内存上限，兆字节。"""

    conventions: Mapping[str, str]
    naive: bool = False
    documents: bool = True
    parquet: bool = False
    memory: int | None = None
    force: bool = False


@dataclass(frozen=True)
class Done:
    """结算完成：`head` 是 结算.json 里除账目、差异外的各键，`counts` 是账目、待核、差异的条数。"""

    head: Mapping[str, Any]
    digest: str
    counts: Mapping[str, int]
    out: Path

    def brief(self) -> dict[str, Any]:
        """给程序读的摘要。"""
        return {
            "digest": self.digest,
            "out": str(self.out),
            "summary": self.head["summary"],
            **self.counts,
            "warnings": self.head["warnings"],
        }

    def screen(self) -> str:
        """给人看的一屏。"""
        head, summary = self.head, self.head["summary"]
        lines = [
            f"{head['district']} {head['service_year']} 服务年度，计至 {periods.last_day(head['until'])}（含）",
            f"账目 {self.counts['lines']} 条，待核 {self.counts['disputed']} 条，差异 {self.counts['differences']} 条",
            "",
            *(
                f"  {entry['provider']:<8}统一支付（扣前） {entry['gross']:>16}"
                f"  扣减 {entry['deduction']:>14}  扣后 {entry['net']:>16}"
                for entry in summary["unified"]
            ),
            f"  {'合计':<6}统一支付（扣前） {summary['unified_gross']:>16}"
            f"  {'':>19}  扣后 {summary['unified_net']:>16}",
            f"  自行支付（扣后） {summary['self_net']}（{len(summary['self'])} 笔），待核 {summary['disputed_gross']}",
            f"  第三方专项管理费上限 {summary['supervision_fee_cap']}（D14-16）",
            "",
            f"摘要 {self.digest}",
            "文件：",
            *(f"  {path}" for path in sorted(self.out.iterdir())),
        ]
        return "\n".join(lines)


def check(source: Path) -> list[str]:
    """校验数据包，含价格缺口；返回提醒，有错抛 PackageError。"""
    with opened(source) as package:
        return list(engine.settle(package).head["warnings"])


@contextmanager
def _published(out: Path, force: bool) -> Iterator[Path]:
    """给出旁边的一个新目录，写完一步改名成 `out`；中途失败什么也不留。"""
    if _occupied(out) and not force:
        raise OutputRefused(f"{out} 已有内容；换一个目录，或加 --force 把旧的改名留存")
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield draft
        draft.chmod(0o755)
        if _occupied(out):
            out.rename(_aside(out))
        draft.replace(out)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _occupied(out: Path) -> bool:
    """已有文件，或目录里有东西。"""
    return out.exists() and (not out.is_dir() or any(out.iterdir()))


def _aside(out: Path) -> Path:
    number = 1
    while (aside := out.with_name(f"{out.name}.旧{number}")).exists():
        number += 1
    return aside


def settle_to(source: Path, out: Path, choices: Choices, progress: engine.OnStep = lambda _step, _share: None) -> Done:
    """结算 `source`，写到 `out`。

    数据包有错抛 PackageError，输出目录不能用抛 OutputRefused；两种情形都不写任何东西。
    """
    out, inside = out.resolve(), source.resolve()
    if out == inside or out in inside.parents or inside in out.parents:
        raise OutputRefused(f"结果不能写到数据包自己的地方：{out}；换一个目录")
    papers = _papers() if choices.documents and not choices.naive else None
    if papers:
        papers.check_fonts()
    progress("读取、校验", 0)
    with _published(out, choices.force) as draft, opened(source, choices.memory) as package:
        progress("计量、对账", 0.2)
        steps = (*engine.STEPS, *engine.LAST)

        def stepped(step: str, _seconds: float) -> None:
            progress("计量、对账", 0.2 + 0.35 * (steps.index(step) + 1) / len(steps))

        settlement: result.Outcome = (
            _naive(package, choices.conventions)
            if choices.naive
            else engine.settle(package, choices.conventions, stepped)
        )
        progress("写 结算.json", 0.55)
        with (draft / SETTLEMENT).open("wb") as file:
            digest = result.write(settlement, file, with_lines=not choices.parquet)
        if choices.parquet:
            _write_parquet(settlement, draft)
        if papers and isinstance(settlement, engine.Settlement):
            papers.write_documents(papers.gather(package, settlement, digest), draft, progress)
        record = {
            "版本": __version__,
            "数据包": str(source.resolve()),
            "引擎": "oracle" if choices.naive else "columnar",
        }
        (draft / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
        counts = {name: settlement.count(disputed=name == "disputed") for name in ("lines", "disputed")} | {
            "differences": sum(settlement.counts().values())
        }
    progress("完成", 1)
    return Done(settlement.head, digest, counts, out)


def _papers() -> ModuleType:
    """出文件的模块：排版的库装载要半秒，用到才装。"""
    from yunheng.settlement.plans import papers  # noqa: PLC0415

    return papers


def _write_parquet(settlement: result.Outcome, folder: Path) -> None:
    if not isinstance(settlement, engine.Settlement):
        raise OutputRefused("逐日笨算法的账目只写在 结算.json 里，不能与 --lines parquet 同用")
    settlement.write_parquet(folder / "账目.parquet", disputed=False)
    settlement.write_parquet(folder / "待核.parquet", disputed=True)


def _naive(package: Package, chosen: Mapping[str, str]) -> result.Outcome:
    """用逐日笨算法结算同一个数据包。"""
    manifest = package.manifest
    assert manifest is not None
    options = conventions.resolve({**manifest.conventions, **chosen}, manifest.version)
    content = oracle.settle(manifest, reading.rows_of(package), options, published_workday)
    content["warnings"][:0] = package.warnings
    return result.Loaded(content)


def recorded_package(settlement: Path) -> Path:
    """结算时记下的数据包位置；没有记录抛 ValueError。"""
    record = settlement.with_name(RECORD)
    try:
        return Path(json.loads(record.read_text(encoding="utf-8"))["数据包"])
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{settlement.name} 旁边没有可用的 {RECORD}，请用 --package 指明数据包") from error
