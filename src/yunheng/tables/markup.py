"""把压缩包里的一个 XML 部件一段一段喂给处理函数：声明实体的、坏的不收，一处太长的当场停。"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from xml.parsers import expat

from .limits import Limits, TooLarge, Unreadable

_CHUNK = 1 << 16
#: 一个标签、一段属性、一条注释最长几个字节
_LONGEST = 4 << 20

Attributes = dict[str, str]


def fed(
    archive: zipfile.ZipFile,
    part: str,
    name: str,
    limits: Limits,
    broken: Unreadable,
    start: Callable[[str, Attributes], object],
    end: Callable[[str], object] | None = None,
    text: Callable[[str], object] | None = None,
) -> Iterator[None]:
    """喂一段停一下，好把读好的交出去；坏了抛 `broken`，太大抛 TooLarge。元素名不带命名空间的前缀。"""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refused(*_args: object) -> None:
        raise broken

    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    if end is not None:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refused
    try:
        with archive.open(part) as reader:
            read = 0
            while chunk := reader.read(_CHUNK):
                read += len(chunk)
                if read > limits.unpacked:
                    raise TooLarge(f"“{name}”解开以后太大，请分几个文件")
                parser.Parse(chunk, False)
                if read - max(parser.CurrentByteIndex, 0) > _LONGEST:
                    raise TooLarge(f"“{name}”里有一处太长，请重新另存一份只有数据的")
                yield
        parser.Parse(b"", True)
    except (expat.ExpatError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise broken from error
    except Unreadable:
        raise
    except (ValueError, NotImplementedError) as error:
        raise broken from error
