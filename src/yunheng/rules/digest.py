"""规范 JSON 和 SM3：结算、规则全书、审计链、表单快照的摘要都照这一种写法。"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable


def canonical(value: object) -> str:
    """规范 JSON：键按码点排序、无空白、不转义非 ASCII，转义同 RFC 8785。"""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sm3(text: str) -> str:
    """UTF-8 文本的 SM3，64 位小写十六进制。"""
    return hashlib.new("sm3", text.encode()).hexdigest()


def sm3_bytes(content: bytes) -> str:
    """字节（如附件）的 SM3，64 位小写十六进制。"""
    return hashlib.new("sm3", content).hexdigest()


def sm3_parts(parts: Iterable[bytes]) -> str:
    """依次相接的几段字节的 SM3，不必整份留在内存。"""
    found = hashlib.new("sm3")
    for part in parts:
        found.update(part)
    return found.hexdigest()
