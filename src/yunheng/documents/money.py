"""金额的中文大写。"""

from __future__ import annotations

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾"))


def amount_in_words(value: int) -> str:
    """分 → 中文大写，如 140950 → 人民币壹仟肆佰零玖元伍角；负数抛 ValueError。

    照票据的写法：到元为止写“整”，元与分之间没有角写“零”。
    """
    if value < 0:
        raise ValueError(f"负数写不成大写：{value} 分")
    whole, rest = divmod(value, 100)
    if not rest:
        return f"人民币{_integer(whole)}元整"
    jiao, cents = divmod(rest, 10)
    text = f"{_integer(whole)}元" if whole else ""
    text += f"{_DIGITS[jiao]}角" if jiao else "零" if whole else ""
    return f"人民币{text}{_DIGITS[cents]}分" if cents else f"人民币{text}"


def _integer(value: int) -> str:
    for base, name in _UNITS:
        if value >= base:
            high, low = divmod(value, base)
            zero = "零" if low < base // 10 else ""
            return _integer(high) + name + (zero + _integer(low) if low else "")
    return _DIGITS[value]


def amount_of_words(words: str) -> int:
    """中文大写 → 分，是 `amount_in_words` 的逆，另写一遍用来核对；不是大写抛 ValueError。"""
    whole, mark, rest = words.removeprefix("人民币").removesuffix("整").rpartition("元")
    if not words.startswith("人民币") or not (whole or rest):
        raise ValueError(f"不是金额大写：{words}")
    total = _digits(whole) * 100 if mark else 0
    for unit, size in (("角", 10), ("分", 1)):
        head, found, tail = rest.partition(unit)
        if found:
            total += _digits(head) * size
            rest = tail
    if rest:
        raise ValueError(f"不是金额大写：{words}")
    return total


def _digits(text: str) -> int:
    """元以前的一段：遇亿、万先把前面的结算掉。"""
    total = section = digit = 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS.index(char)
            continue
        size = next((size for size, name in _UNITS if name == char), 0)
        if not size:
            raise ValueError(f"大写里不该有“{char}”：{text}")
        if size >= 10**4:
            total = (total + section + digit) * size if size == 10**8 else total + (section + digit) * size
            section = 0
        else:
            section += (digit or 1) * size
        digit = 0
    return total + section + digit
