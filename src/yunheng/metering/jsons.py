"""读 JSON：数据包.json、结算.json 用同一种读法，读不出的说一句中文。"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

#: 可能是单个代理码点的转义；成对的是正常的字
_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")


class NotJson(Exception):
    """读不出来；话里说哪里、为什么。"""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """一个对象里同一个键写了两遍的不读：看的人看到的是一个，取的是另一个。"""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for number, (key, _) in enumerate(pairs) if key in {one for one, _ in pairs[:number]})
        raise NotJson(f"同一个键写了两遍：{twice[:40]}")
    return found


def parsed(content: bytes, object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """解析 UTF-8（可带 BOM）的 JSON；不是的抛 NotJson。

    转义写出的单个代理码点不是字：算不出摘要，也写不进文件，当场拒绝。
    """
    try:
        found = json.loads(content.decode("utf-8-sig"), object_pairs_hook=object_pairs_hook)
    except UnicodeDecodeError as error:
        raise NotJson("不是 UTF-8 编码") from error
    except json.JSONDecodeError as error:
        raise NotJson(f"不是合法的 JSON：第 {error.lineno} 行第 {error.colno} 个字读不下去") from error
    except (ValueError, RecursionError) as error:
        raise NotJson("不是合法的 JSON：有太长的数，或嵌套太深") from error
    if _ESCAPED.search(content):
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise NotJson("有不成字的转义（单个的 \\ud800 一类）") from error
    return found
