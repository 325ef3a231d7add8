"""没办成的表单原样摆回：页面照常做好以后，把填过的填回去，有问题的栏标出来。

做在一处，各页的模板不必逐栏写“上次填的”。认表单看三样：提交到的地址、POST、隐藏的栏与提交的相同
（一页上常有好几个表单提交到同一处，靠隐藏的栏分开）。口令、文件、隐藏的栏不填回；
标着 `data-autosave` 的表单由自己那一章存下再摆出，这里不动。
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.http import QueryDict

#: 每次打开页面都不同的隐藏栏，不用来认表单
_FRESH = {"csrfmiddlewaretoken", "seen", "version", "back"}
_TYPED = {"text", "search", "number", "date", "email", "tel", "url", "month", "time"}
_VOID = {"input", "br", "img", "meta", "link", "hr", "wbr", "source", "col"}


@dataclass(eq=False)
class _Piece:
    """页面的一段：原文 `raw`；是标签的带着名字和属性。"""

    raw: str
    tag: str = ""
    closes: bool = False
    given: dict[str, str | None] = field(default_factory=dict)
    inside: tuple[_Piece, ...] = ()

    def set(self, name: str, value: str) -> None:
        """改一个属性；没有就加上。"""
        self.given[name] = value
        self._write()

    def drop(self, name: str) -> None:
        """去掉一个属性。"""
        if name in self.given:
            del self.given[name]
            self._write()

    def _write(self) -> None:
        words = (name if value is None else f'{name}="{escape(value)}"' for name, value in self.given.items())
        self.raw = f"<{' '.join((self.tag, *words))}>"

    @property
    def name(self) -> str:
        """控件的名字。"""
        return self.given.get("name") or ""


class _Reader(HTMLParser):
    """把页面拆成一段段，每个标签记着自己在哪些标签里面；拼起来就是原样。"""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[_Piece] = []
        self._open: list[_Piece] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        piece = _Piece(self.get_starttag_text() or "", tag, given=dict(attrs), inside=tuple(self._open))
        self.pieces.append(piece)
        if tag not in _VOID and not piece.raw.endswith("/>"):
            self._open.append(piece)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.pieces.append(_Piece(f"</{tag}>", tag, closes=True))
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index].tag == tag:
                del self._open[index:]
                break

    def handle_data(self, data: str) -> None:
        self.pieces.append(_Piece(data))

    def handle_entityref(self, name: str) -> None:
        self.pieces.append(_Piece(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.pieces.append(_Piece(f"&#{name};"))

    def handle_comment(self, data: str) -> None:
        self.pieces.append(_Piece(f"<!--{data}-->"))

    def handle_decl(self, decl: str) -> None:
        self.pieces.append(_Piece(f"<!{decl}>"))


def refill(page: str, *, here: str, target: str, typed: QueryDict, method: str = "post") -> str | None:
    """`here` 这一页里以 `method` 提交到 `target` 的那个表单，填回 `typed`；页面上没有这个表单为 None。"""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    pieces = reader.pieces
    found = next((one for one in pieces if _sent(one, here, target, method) and _same(one, pieces, typed)), None)
    if found is None:
        return None
    if "data-autosave" not in found.given:
        _restore(found, pieces, typed)
    _mark(found, pieces)
    for outer in found.inside:
        if outer.tag == "details":
            outer.set("open", "")
    return "".join(piece.raw for piece in pieces)


def _sent(form: _Piece, here: str, target: str, method: str) -> bool:
    """这个表单提交到 `target`。"""
    if form.tag != "form" or form.closes or (form.given.get("method") or "get").lower() != method:
        return False
    return (urlsplit(form.given.get("action") or "").path or here) == target


def _same(form: _Piece, pieces: Iterable[_Piece], typed: QueryDict) -> bool:
    """隐藏的栏与提交的相同：就是这一个。"""
    return all(
        one.given.get("value", "") in typed.getlist(one.name)
        for one in _controls(form, pieces)
        if one.given.get("type") == "hidden" and one.name not in _FRESH
    )


def _controls(form: _Piece, pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    for one in pieces:
        if one.tag in ("input", "select", "textarea") and not one.closes and one.name and form in one.inside:
            yield one


def _restore(form: _Piece, pieces: list[_Piece], typed: QueryDict) -> None:
    left = {name: list(values) for name, values in typed.lists()}
    for one in _controls(form, pieces):
        kind = (one.given.get("type") or "text").lower() if one.tag == "input" else one.tag
        if kind in ("checkbox", "radio"):
            one.drop("checked")
            if (one.given.get("value") or "on") in typed.getlist(one.name):
                one.set("checked", "")
        elif (values := left.get(one.name)) and kind in (*_TYPED, "textarea", "select"):
            # 同名的几栏依次填回；能多选的下拉一次填完
            value = values.pop(0)
            if kind == "select":
                _choose(one, pieces, [value, *values] if "multiple" in one.given else [value])
            elif kind == "textarea":
                _write(one, pieces, value)
            else:
                one.set("value", value)


def _choose(select: _Piece, pieces: list[_Piece], chosen: list[str]) -> None:
    options = [one for one in pieces if one.tag == "option" and not one.closes and select in one.inside]
    values = {id(one): _value(one, pieces) for one in options}
    if not set(chosen) & set(values.values()):
        return
    for one in options:
        one.drop("selected")
        if values[id(one)] in chosen:
            one.set("selected", "")


def _value(option: _Piece, pieces: list[_Piece]) -> str:
    """选项的值：没有写的是它的文字。"""
    if "value" in option.given:
        return option.given["value"] or ""
    start = pieces.index(option) + 1
    text = "".join(piece.raw for piece in pieces[start : _end(pieces, start)])
    return unescape(text).strip()


def _write(area: _Piece, pieces: list[_Piece], text: str) -> None:
    start = pieces.index(area) + 1
    # 紧跟着的头一个换行浏览器会吃掉，先垫一个
    pieces[start : _end(pieces, start)] = [_Piece("\n" + escape(text))]


def _end(pieces: list[_Piece], start: int) -> int:
    return next(index for index in range(start, len(pieces)) if pieces[index].tag)


def _mark(form: _Piece, pieces: list[_Piece]) -> None:
    """问题连到的栏：给它编号、标上不对，说明指到那条问题；收起的展开。"""
    controls = {one.name: one for one in reversed(list(_controls(form, pieces)))}
    for link in pieces:
        if link.tag != "a" or link.closes or "data-field" not in link.given:
            continue
        control = controls.get(link.given["data-field"] or "")
        if control is None:
            continue
        if not control.given.get("id"):
            control.set("id", f"f-{control.name}")
        control.set("aria-invalid", "true")
        item = next((one for one in reversed(link.inside) if one.tag == "li"), None)
        if item is not None:
            control.set("aria-describedby", item.given.get("id") or "")
        link.set("href", f"#{control.given['id']}")
        for outer in control.inside:
            if outer.tag == "details":
                outer.set("open", "")
