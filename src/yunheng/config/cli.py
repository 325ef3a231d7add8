"""命令行 `yunheng`：结算、校验、比对、解释、规则查询。"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from yunheng import __version__
from yunheng.config import failing, lookup, settling
from yunheng.metering import diffing, explaining, parquet, structure
from yunheng.metering.format import MANIFEST_VERSION
from yunheng.metering.opening import opened
from yunheng.metering.problems import PackageError
from yunheng.rules import conventions, workdays

DATA_ERROR, USAGE_ERROR, INTERRUPTED = 1, 2, 130
MEMORY_FLOOR_MIB = 256


class _Once(argparse._StoreAction):
    """只有一个值的选项：写了两遍而不同的不知道照哪一个，是用法错误。"""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if option is not None:
            given = namespace.__dict__.setdefault("_given", {})
            if given.setdefault(self.dest, values) != values:
                parser.error(f"{option} 写了两遍，不知道照哪一个：{given[self.dest]}、{values}")
        super().__call__(parser, namespace, values, option)


class _Parser(argparse.ArgumentParser):
    """帮助和用法错误都说中文。"""

    def __init__(self, **options: Any) -> None:
        super().__init__(add_help=False, **options)
        self.register("action", None, _Once)
        self.register("action", "store", _Once)
        self._positionals.title = "参数"
        self._optionals.title = "选项"
        self.add_argument("-h", "--help", action="help", help="显示帮助")

    def format_usage(self) -> str:
        return super().format_usage().replace("usage: ", "用法：", 1)

    def format_help(self) -> str:
        return super().format_help().replace("usage: ", "用法：", 1)

    def _print_message(self, message: str, file: Any = None) -> None:
        """打不出去的照实抛出：原来的不声不响，帮助打到满了的盘也算成了。"""
        if message and file is not None:
            file.write(message)

    def error(self, message: str) -> NoReturn:
        for english, chinese in (
            ("the following arguments are required: ", "缺少参数："),
            ("unrecognized arguments: ", "不认识的参数："),
            ("invalid choice: ", "没有这个选项："),
            ("expected one argument", "后面要跟一个值"),
            ("invalid int value: ", "应为整数："),
            ("ambiguous option: ", "选项没有写全："),
            (" could match ", "，可能是 "),
            ("ignored explicit argument ", "不跟值，多写了："),
            ("argument ", "参数 "),
            ("choose from", "可选"),
        ):
            message = message.replace(english, chinese)
        self.exit(USAGE_ERROR, f"{self.format_usage()}{self.prog}：{message}\n")


def _parser() -> _Parser:  # noqa: PLR0915 一条命令几句，顺着写最清楚
    parser = _Parser(prog="yunheng", description="云衡：政务云计量、对账、考核、结算")
    parser.add_argument("--version", action="version", version=f"云衡 {__version__}", help="显示版本")
    commands = parser.add_subparsers(title="命令", metavar="命令", required=True, dest="command")

    def command(name: str, handler: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=summary, description=summary)
        sub.set_defaults(handler=handler)
        return sub

    sub = command("settle", _settle, "结算一个数据包")
    sub.add_argument("package", type=Path, metavar="数据包", help="目录、.zip 或 .xlsx")
    sub.add_argument("--out", type=Path, required=True, metavar="目录", help="写到这个新的或空的目录")
    sub.add_argument(
        "--engine", choices=("columnar", "oracle"), default="columnar", help="列式引擎，或逐日笨算法（只写 结算.json）"
    )
    sub.add_argument("--json-only", action="store_true", help="只写 结算.json，不出其他文件")
    sub.add_argument(
        "--lines", choices=("json", "parquet"), default="json", help="账目写在 结算.json 里，或另存 Parquet"
    )
    sub.add_argument("--convention", action="append", default=[], metavar="码=选项", help="试算：另选口径，可多次")
    sub.add_argument("--memory", type=_mebibytes, metavar="大小", help="内存上限，如 2GiB；不够时落盘")
    sub.add_argument("--force", action="store_true", help="目录已有内容时，先把它改名留存")
    sub.add_argument("--json", action="store_true", help="摘要按 JSON 打印，供程序读")

    sub = command("check", _check, "只校验数据包")
    sub.add_argument("package", type=Path, metavar="数据包")
    sub.add_argument("--json", action="store_true", help="按 JSON 打印")

    sub = command("diff", _diff, "逐条比对两份 结算.json")
    sub.add_argument("first", type=Path, metavar="甲.json")
    sub.add_argument("second", type=Path, metavar="乙.json")
    sub.add_argument("--json", action="store_true", help="按 JSON 打印")

    sub = command("explain", _explain, "解释账目：算式、证据、条款、口径")
    sub.add_argument("settlement", type=Path, metavar="结算.json")
    sub.add_argument("--resource", metavar="资源", help="只看这个资源")
    sub.add_argument("--item", metavar="目录项", help="只看这个目录项")
    sub.add_argument("--line", type=int, metavar="N", help="第几条账目，从 1 起")
    sub.add_argument("--package", type=Path, metavar="数据包", help="结算所用的数据包；不写则用结算时记下的")
    sub.add_argument("--json", action="store_true", help="按 JSON 打印")

    sub = command("example", _write, "写出示例区的数据包")
    sub.add_argument("out", type=Path, metavar="目录", help="新的或空的目录，或新的 .zip、.xlsx")

    sub = command("template", _write, "写一个空白的数据包工作簿，带填写说明，示例另在一张上")
    sub.add_argument("out", type=Path, metavar="文件.xlsx", help="新的文件")

    sub = command("rules", _rules, "查规则：某日施行的数字、一条规则的来龙去脉、全部目录")
    asked = sub.add_subparsers(title="查法", metavar="查法", required=True, dest="asked")
    for name, summary in (
        ("list", "全部参数、条款、口径"),
        ("show", "一个参数、条款或口径的全部内容，如 show K-03、show D62-七、show trial_months"),
        ("at", "某日施行的全部数字，如 at 2023-12-01"),
    ):
        question = asked.add_parser(name, help=summary, description=summary)
        if name == "list":
            question.add_argument("--policy", metavar="文件", help="只列这份文件的，如 D62")
        elif name == "show":
            question.add_argument("name", metavar="名称")
        else:
            question.add_argument("day", type=_date, metavar="日期")
        question.add_argument("--json", action="store_true", help="按 JSON 打印")

    sub = command("serve", _serve, "起网站：没给 DATABASE_URL 就起嵌入的数据库；DEMO=1 装示例区")
    sub.add_argument("--host", default="127.0.0.1", metavar="地址", help="监听的地址，默认只本机")
    sub.add_argument("--port", type=int, default=8000, metavar="端口")
    sub.add_argument("--workers", type=int, default=2, metavar="N", help="进程数，默认 2")

    command("migrate", _migrate, "升级表结构，发权限、装只追加的触发器（属主身份）")
    sub = command("demo", _demo, "装示例区和演示人物（演示环境）")
    sub.add_argument("--if-empty", action="store_true", help="库里已有机构就不装")
    sub = command("admin", _admin, "登记头一班系统、安全、审计管理员，给出初始口令")
    sub.add_argument("role", choices=("system_admin", "security_admin", "audit_admin"), metavar="角色")
    sub.add_argument("username", metavar="登录名")
    sub.add_argument("name", metavar="姓名")
    sub = command("source", _source, "登记接口的来源，给出（或换）口令")
    sub.add_argument("code", metavar="来源", help="一家云管平台一个，如 联通云管平台")
    sub.add_argument("provider", metavar="机构代码", help="云服务商，如 CU；市级归集填市级运管单位")
    command("remind", _remind, "提醒临期、到期、超期和快到期的资源，并把要外发的送出去；网站开着时每 10 分钟自动做一次")
    command("work", _work, "办排队的计量；serve 会自己起一个，另装网站时单独起它")
    sub = command("export", _export, "从库里导出结算数据包，供离线重算")
    sub.add_argument("year", type=int, metavar="服务年度", help="起始年，如 2023")
    sub.add_argument("--out", type=Path, required=True, metavar="目标", help="新的目录，或新的 .zip、.xlsx")
    sub.add_argument("--cutoff", type=_date, metavar="日期", help="数据截止日（含当日），用于年中预估")
    sub.add_argument("--now", action="store_true", help="已冻结的年度也照今天的库导出；不写给冻结时的包")
    sub = command("prove", _prove, "核对：看板等于重放，时段等于事实，摘要和审计链一致")
    sub.add_argument("--json", action="store_true", help="按 JSON 打印")
    sub = command("backup", _backup, "整库备份成一个文件")
    sub.add_argument("file", type=Path, metavar="文件")
    sub = command("restore", _restore, "从备份恢复到空库")
    sub.add_argument("file", type=Path, metavar="文件")

    sub = command("workday", _workday, "推算工作日，如 workday 2026-09-28 +5")
    sub.add_argument("day", type=_date, metavar="日期")
    sub.add_argument("count", type=int, nargs="?", default=0, metavar="+N|-N", help="之后或之前 N 个工作日")
    sub.add_argument("--json", action="store_true", help="按 JSON 打印")
    return parser


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"日期应为 YYYY-MM-DD：{text}") from error


def _mebibytes(text: str) -> int:
    """`4GiB`、`512MiB` → 兆字节数。"""
    match = re.fullmatch(r"([1-9][0-9]{0,5})(GiB|MiB)", text)
    if not match or (size := int(match[1]) * (1024 if match[2] == "GiB" else 1)) < MEMORY_FLOOR_MIB:
        raise argparse.ArgumentTypeError(f"大小应如 4GiB、512MiB，不小于 {MEMORY_FLOOR_MIB}MiB：{text}")
    return size


def _say(content: Any, as_json: bool, text: Callable[[], str]) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=1) if as_json else text())


def _options(pairs: Sequence[str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for code, _, option in (pair.partition("=") for pair in pairs):
        if chosen.setdefault(code, option) != option:
            raise ValueError(f"口径 {code} 写了两遍，不知道照哪一个：{chosen[code]}、{option}")
    conventions.resolve(chosen, MANIFEST_VERSION)
    return chosen


def _settle(arguments: argparse.Namespace) -> int:
    try:
        chosen = _options(arguments.convention)
    except ValueError as error:
        print(f"yunheng settle：{error}", file=sys.stderr)
        return USAGE_ERROR
    try:
        choices = settling.Choices(
            chosen,
            naive=arguments.engine == "oracle",
            documents=not arguments.json_only,
            parquet=arguments.lines == "parquet",
            memory=arguments.memory,
            force=arguments.force,
        )
        done = settling.settle_to(arguments.package, arguments.out, choices, settling.Progress(sys.stderr))
    except settling.OutputRefused as error:
        print(f"yunheng settle：{error}", file=sys.stderr)
        return USAGE_ERROR
    for warning in done.head["warnings"]:
        print(f"提醒：{warning}", file=sys.stderr)
    _say(done.brief(), arguments.json, done.screen)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    warnings = settling.check(arguments.package)
    for warning in warnings:
        print(f"提醒：{warning}", file=sys.stderr)
    _say({"problems": [], "warnings": warnings}, arguments.json, lambda: "数据包没有错误")
    return 0


def _settlement(path: Path) -> dict[str, Any]:
    """读一份 结算.json，先核对摘要和结构；账目另存 Parquet 的从旁边补上。"""
    content = structure.parse(path.read_bytes(), path.name)
    return content if "lines" in content else parquet.with_lines(content, path.parent, path.name)


def _diff(arguments: argparse.Namespace) -> int:
    first, second = _settlement(arguments.first), _settlement(arguments.second)
    comparison = diffing.compare(first, second)
    _say(comparison.as_json(), arguments.json, comparison.text)
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    content = _settlement(arguments.settlement)
    if not arguments.json and (arguments.line, arguments.resource, arguments.item) == (None, None, None):
        print(explaining.overview(content))
        return 0
    source = arguments.package or settling.recorded_package(arguments.settlement)
    with opened(source) as package:
        explanations = explaining.explain(
            content, package, line=arguments.line, resource=arguments.resource, item=arguments.item
        )
    _say(
        [e.as_json() for e in explanations],
        arguments.json,
        lambda: "\n\n".join(e.text() for e in explanations),
    )
    return 0


def _write(arguments: argparse.Namespace) -> int:
    from yunheng.metering import example, template  # noqa: PLC0415 写 Excel 的库装载要 0.2 秒，结算用不到

    write = example.write if arguments.command == "example" else template.write_template
    try:
        write(arguments.out)
    except FileExistsError as error:
        print(f"yunheng {arguments.command}：{error}", file=sys.stderr)
        return USAGE_ERROR
    print(f"已写到 {arguments.out}（其中的单位、系统、价格都是虚构的）")
    return 0


def _rules(arguments: argparse.Namespace) -> int:
    if arguments.asked == "list":
        catalog = lookup.listing(arguments.policy)
        _say(catalog, arguments.json, lambda: lookup.listing_text(catalog))
    elif arguments.asked == "show":
        rule = lookup.show(arguments.name)
        _say(rule, arguments.json, lambda: lookup.show_text(rule))
    else:
        values = lookup.at(arguments.day)
        _say(values, arguments.json, lambda: lookup.at_text(values))
    return 0


def _workday(arguments: argparse.Namespace) -> int:
    calendar = workdays.WorkCalendar({})
    n = arguments.count
    answer = calendar.after(arguments.day, n) if n >= 0 else calendar.before(arguments.day, -n)
    content = {"date": answer.date.isoformat(), "estimated": answer.estimated}
    mark = "（推定：当年放假安排未公布，按周一至周五）" if answer.estimated else ""
    _say(content, arguments.json, lambda: f"{answer.date}{mark}")
    return 0


def _django() -> None:
    """装好 Django；只有要用数据库的命令才装。"""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunheng.config.settings")
    import django  # noqa: PLC0415 结算等命令不用数据库，不必等它

    django.setup()


def _serve(arguments: argparse.Namespace) -> int:
    from yunheng.config import serving  # noqa: PLC0415

    return serving.serve(arguments.host, arguments.port, arguments.workers)


def _migrate(_: argparse.Namespace) -> int:
    os.environ["YUNHENG_AS"] = "owner"
    _django()
    from yunheng.config import maintenance  # noqa: PLC0415

    maintenance.migrate()
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    _django()
    from yunheng.config import demo  # noqa: PLC0415

    if arguments.if_empty and not demo.empty():
        return 0
    print("装示例区…", file=sys.stderr, flush=True)
    demo.load()
    return 0


def _admin(arguments: argparse.Namespace) -> int:
    _django()
    from yunheng.config import administrators  # noqa: PLC0415

    secret = administrators.register(arguments.role, arguments.username, arguments.name)
    print(f"初始口令（只显示这一次，头一次登录要改）：{secret}")
    return 0


def _source(arguments: argparse.Namespace) -> int:
    _django()
    from yunheng.config import administrators  # noqa: PLC0415

    secret = administrators.source_key(arguments.code, arguments.provider)
    print(f"来源口令（只显示这一次）：{secret}")
    return 0


def _work(_: argparse.Namespace) -> int:
    _django()
    from yunheng.config import maintenance  # noqa: PLC0415

    maintenance.work()
    return 0


def _remind(_: argparse.Namespace) -> int:
    _django()
    from yunheng.config import maintenance  # noqa: PLC0415

    print(maintenance.remind())
    return 0


def _export(arguments: argparse.Namespace) -> int:
    _django()
    from yunheng.audit.refused import Refused  # noqa: PLC0415
    from yunheng.orgs.access import business_date  # noqa: PLC0415
    from yunheng.settlement.runs import freezing  # noqa: PLC0415

    try:
        which = freezing.taken(arguments.year, arguments.out, arguments.cutoff, now=arguments.now)
    except Refused as error:
        print("；".join(error.problems) + "：加 --now", file=sys.stderr)
        return DATA_ERROR
    if told := freezing.unfinished(arguments.year, arguments.cutoff, business_date()):
        print(f"提醒：{told}", file=sys.stderr)
    print(which)
    print(f"已导出到 {arguments.out}；结算：yunheng settle {arguments.out} --out 目录")
    return 0


def _prove(arguments: argparse.Namespace) -> int:
    _django()
    from yunheng.config import proving  # noqa: PLC0415

    proofs = proving.prove()
    content = [{"name": p.name, "count": p.count, "problems": p.problems, "hints": p.hints} for p in proofs]
    lines = [
        f"{'✖' if p.problems else '✔'} {p.name}（{p.count}）"
        + "".join(f"\n    {x}" for x in (*p.problems, *(f"提示：{hint}" for hint in p.hints)))
        for p in proofs
    ]
    _say(content, arguments.json, lambda: "\n".join(lines))
    return DATA_ERROR if any(p.problems for p in proofs) else 0


def _backup(arguments: argparse.Namespace) -> int:
    from yunheng.config import maintenance  # noqa: PLC0415

    maintenance.backup(arguments.file)
    print(f"已备份到 {arguments.file}")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from yunheng.config import maintenance  # noqa: PLC0415

    maintenance.restore(arguments.file)
    print("已恢复；请再执行 yunheng migrate 补发权限，yunheng prove 核对")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """命令入口。退出码：0 成功（管道断了也是），1 数据有错（逐条打印），2 用法错误，3 环境错误（磁盘、内存、库）。"""
    _open_streams()
    ended: SystemExit | None = None
    try:
        try:
            arguments = _parser().parse_args(argv)
        except SystemExit as stopped:  # 帮助、版本、用法错误：打完就走，打不出去也要说
            ended, code = stopped, int(stopped.code or 0)
        else:
            code = _answered(arguments)
        if sys.stdout is not None:  # 关了标准输出的，没有地方打印
            sys.stdout.flush()
    except BrokenPipeError:
        code = 0
        _silence()
    except OSError as error:  # 打印不出去：如输出接到一块满了的盘
        _silence()
        code, said = failing.explained(error)
        with suppress(OSError):
            print(f"yunheng：打印不出来，{said}", file=sys.stderr)
    if ended is not None:
        raise SystemExit(code)
    return code


def _open_streams() -> None:
    """两个输出都写得了中文；关了标准错误的接到没有的地方，提醒不会印到标准输出里去。"""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 用到进程结束
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            try:
                "云衡".encode(stream.encoding)
            except (UnicodeEncodeError, LookupError):
                stream.reconfigure(encoding="utf-8")
            # 一个字这种编码没有的（生僻字、文件名里坏了的字节），写成 \\u 的样子，不为它整句打不出来
            stream.reconfigure(errors="backslashreplace")


def _silence() -> None:
    """读的一方不要了、写不下了：不再写，退出时也不要再冲。"""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _answered(arguments: argparse.Namespace) -> int:
    """办一条命令；出的错在这里说成中文，打印不出去的错交给 `main`。"""
    handler: Callable[[argparse.Namespace], int] = arguments.handler
    try:
        return handler(arguments)
    except BrokenPipeError:
        raise
    except PackageError as error:
        if getattr(arguments, "json", False):
            print(json.dumps({"problems": [vars(p) for p in error.problems]}, ensure_ascii=False, indent=1))
        print(error, file=sys.stderr)
        return DATA_ERROR
    except KeyboardInterrupt:
        print("yunheng：停下了，没有做完", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        code, said = failing.explained(error)
        print(f"yunheng：{said}", file=sys.stderr)
        return code


if __name__ == "__main__":
    sys.exit(main())
