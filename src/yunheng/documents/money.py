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
    """中文大写 → 分：与写法无关的另一条路，用来核对；不是大写抛 ValueError。"""
    text = words.removeprefix("人民币").removesuffix("整")
    whole, _, rest = text.partition("元") if "元" in text else ("", "", text)
    strange = set(whole) - set(f"{_DIGITS}亿万仟佰拾") | set(rest) - set(f"{_DIGITS}角分")
    if not words.startswith("人民币") or not text or strange:
        raise ValueError(f"不是金额大写：{words}")
    cents = digit = 0
    for char in rest:
        if char in _DIGITS:
            digit = _DIGITS.index(char)
        else:
            cents += digit * {"角": 10, "分": 1}[char]
    return _read(whole) * 100 + cents


def _read(text: str) -> int:
    """元以前的一段：先按亿、万分开，剩下的逐位加。"""
    for mark, base in (("亿", 10**8), ("万", 10**4)):
        if mark in text:
            high, _, low = text.rpartition(mark)
            return _read(high) * base + _read(low)
    sizes = {name: base for base, name in _UNITS}
    total = digit = 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS.index(char)
        else:
            total += digit * sizes[char]
            digit = 0
    return total + digit
