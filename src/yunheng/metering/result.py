"""结算.json：规范 JSON、SM3 摘要、写盘。

摘要和写盘各在一个后台线程：账目的文本只生成一次，两边同时用。
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, Protocol

from yunheng.rules.digest import canonical, sm3

_PENDING = 8
#: 条数多的三个清单：不进 head，逐块写
LISTS = ("differences", "disputed", "lines")


def digest_of(result: Mapping[str, Any]) -> str:
    """一份完整的 结算.json 的摘要：去掉 digest、warnings 和各条差异的 note。"""
    return f"sm3:{sm3(canonical(_digested(result)))}"


def _digested(result: Mapping[str, Any]) -> dict[str, Any]:
    content = {key: value for key, value in result.items() if key not in ("digest", "warnings")}
    if "differences" in content:
        content["differences"] = list(map(_unnoted, content["differences"]))
    return content


def _unnoted(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "note"}


class Outcome(Protocol):
    """一次结算的结果，不论出自哪个引擎：除账目、差异外的各键，差异，和账目的规范 JSON 文本。"""

    @property
    def head(self) -> dict[str, Any]:
        """结算.json 里除 lines、disputed、differences、digest 以外的各键。"""
        ...

    def counts(self) -> dict[str, int]:
        """各种差异的条数。"""
        ...

    def differences(self) -> Iterator[list[dict[str, Any]]]:
        """各条差异，带 note，分块。"""
        ...

    def count(self, *, disputed: bool) -> int:
        """账目（或待核）的条数。"""
        ...

    def texts(self, *, disputed: bool) -> Iterator[list[str]]:
        """账目（或待核）的规范 JSON，分块。"""
        ...


class Loaded:
    """整份在内存里的结算结果（逐日笨算法所出）。"""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content

    @property
    def head(self) -> dict[str, Any]:
        """结算.json 里除 lines、disputed、differences、digest 以外的各键。"""
        return {key: value for key, value in self._content.items() if key not in (*LISTS, "digest")}

    def counts(self) -> dict[str, int]:
        """各种差异的条数。"""
        return dict(Counter(entry["code"] for entry in self._content["differences"]))

    def differences(self) -> Iterator[list[dict[str, Any]]]:
        """各条差异，带 note，分块。"""
        if entries := self._content["differences"]:
            yield list(entries)

    def _lines(self, disputed: bool) -> Sequence[Mapping[str, Any]]:
        lines: Sequence[Mapping[str, Any]] = self._content["disputed" if disputed else "lines"]
        return lines

    def count(self, *, disputed: bool) -> int:
        """账目（或待核）的条数。"""
        return len(self._lines(disputed))

    def texts(self, *, disputed: bool) -> Iterator[list[str]]:
        """账目（或待核）的规范 JSON，分块。"""
        if lines := self._lines(disputed):
            yield [canonical(line) for line in lines]


class _Background:
    """按次序在一个后台线程里做完每件事；积压过多时等一等，内存不随行数增长。"""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._pending: list[Future[Any]] = []

    def put(self, action: Any, value: bytes) -> None:
        self._pending.append(self._pool.submit(action, value))
        if len(self._pending) > _PENDING:
            self._pending.pop(0).result()

    def close(self) -> None:
        for future in self._pending:
            future.result()
        self._pool.shutdown()


def write(settlement: Outcome, file: IO[bytes], *, with_lines: bool = True) -> str:
    """把结算写成 结算.json，返回 digest。

    `with_lines` 为假时文件不含 lines、disputed（另存为 Parquet），digest 不变。
    """
    digest = hashlib.new("sm3")
    hashing, writing = _Background(), _Background()
    content = _digested(settlement.head)
    head = json.dumps(settlement.head, ensure_ascii=False, indent=1)
    writing.put(file.write, head[: head.rindex("\n")].encode())
    separator = "{"
    for key in sorted((*content, *LISTS)):
        hashing.put(digest.update, f'{separator}"{key}":'.encode())
        separator = ","
        if key in LISTS:
            kept = key if with_lines or key == "differences" else None
            _stream(_texts(settlement, key), digest.update, hashing, file, writing, kept)
        else:
            hashing.put(digest.update, canonical(content[key]).encode())
    hashing.put(digest.update, b"}")
    hashing.close()
    text = f"sm3:{digest.hexdigest()}"
    writing.put(file.write, f',\n "digest": "{text}"\n}}\n'.encode())
    writing.close()
    return text


def _texts(settlement: Outcome, key: str) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """一个清单的规范 JSON，分块：算摘要的，写进文件的；差异算摘要时不带 note。"""
    if key == "differences":
        for entries in settlement.differences():
            yield [canonical(_unnoted(entry)) for entry in entries], list(map(canonical, entries))
        return
    for texts in settlement.texts(disputed=key == "disputed"):
        yield texts, texts


def _stream(
    chunks: Iterable[tuple[Sequence[str], Sequence[str]]],
    update: Any,
    hashing: _Background,
    file: IO[bytes],
    writing: _Background,
    key: str | None,
) -> None:
    opening, joint = b"[", b""
    if key:
        writing.put(file.write, f',\n "{key}": [\n'.encode())
    for hashed, written in chunks:
        hashing.put(update, opening + ",".join(hashed).encode())
        if key:
            writing.put(file.write, joint + ",\n".join(written).encode())
        opening, joint = b",", b",\n"
    hashing.put(update, (b"[]" if opening == b"[" else b"]"))
    if key:
        writing.put(file.write, b"\n ]")
