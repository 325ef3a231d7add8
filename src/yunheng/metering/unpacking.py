"""数据包的三种装法化成一个目录的文件：目录原样，zip、xlsx 展开。限额（tables.limits）在展开以前查。"""

from __future__ import annotations

import errno
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from yunheng.metering.format import MANIFEST, TABLE
from yunheng.metering.problems import PackageError, Problem
from yunheng.tables.limits import PACKAGE, Limits, Unreadable, guard, guard_directory

BOMB_FLOOR = 64 << 20
BOMB_RATIO = 300
_CHUNK = 8 << 20
_TAIL = 66_000
_UTF8 = 0x800
_GBK = "gb18030"
#: 提醒里最多列几个名字
_SHOWN = 40
#: 数据包自己的文件名：叫这个名字的目录不当作没有
_OWN = {f"{MANIFEST}.json", *(f"{name}.csv" for name in TABLE)}
_BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError)


def unpack(
    source: Path, workspace: Path, *, home: str = f"{MANIFEST}.json", limits: Limits = PACKAGE
) -> tuple[Path, list[str]]:
    """把数据包化成一个目录的 CSV，返回那个目录和提醒。`home` 是放在哪一层就从哪一层取的那份文件。

    目录原样返回；zip、xlsx 展开到 `workspace`。打不开、加密、路径越界、压缩炸弹、同一份文件有两份、公式、合并单元格：
    抛 PackageError。
    """
    if source.is_dir():
        return source, []
    if not source.exists():
        raise refused(f"找不到数据包：{source}")
    if source.suffix.lower() not in {".zip", ".xlsx"}:
        raise refused("数据包只收目录、.zip 或 .xlsx")
    folder = workspace / "unpacked"
    folder.mkdir()
    try:
        with source.open("rb") as file:
            file.seek(max(0, source.stat().st_size - _TAIL))
            guard_directory(file.read(), source.name, limits)
        with zipfile.ZipFile(source) as archive:
            guard(archive, source.name, limits)
            _guard_ratio(archive)
            if source.suffix.lower() == ".zip":
                return folder, _extract(archive, folder, home)
    except Unreadable as error:
        raise refused(str(error)) from error
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # 磁盘满了、没有权限：不是文件坏
        locked = isinstance(error, RuntimeError) and "password" in str(error)
        why = "加了密码，请去掉密码再交" if locked else f"可能没有传完，或不是真的 {source.suffix}"
        raise refused(f"压缩文件打不开：{why}") from error
    from yunheng.metering.spreadsheet import unpack_workbook  # noqa: PLC0415 只有 xlsx 才用

    return folder, unpack_workbook(source, folder)


def refused(reason: str) -> PackageError:
    """整个数据包不收。"""
    return PackageError([Problem(MANIFEST, None, "-", reason)])


def _guard_ratio(archive: zipfile.ZipFile) -> None:
    for entry in archive.infolist():
        if entry.file_size > BOMB_FLOOR and entry.file_size > BOMB_RATIO * max(entry.compress_size, 1):
            raise refused(f"压缩文件展开后过大，疑为压缩炸弹：{entry.filename}")


def _path(name: str) -> PurePosixPath:
    """条目的路径：去掉 `./`，反斜线当作斜线。"""
    return PurePosixPath(name.replace("\\", "/"))


def _decoded(entry: zipfile.ZipInfo, encoding: str) -> str:
    """没有标明编码的名字照这一种编码读；读不出的照原样。"""
    try:
        return entry.filename.encode("cp437").decode(encoding)
    except UnicodeError:
        return entry.filename


def _names(entries: Sequence[zipfile.ZipInfo], home: str) -> tuple[dict[zipfile.ZipInfo, str], list[str]]:
    """各条目的名字，和照 GB18030 认出来的（提醒）。

    有的压缩程序写 UTF-8 而不标明；Windows 自己压的中文名是 GBK，也不标明。两样都试，整个压缩包照认得出的表多的那一种，
    一样多的照 UTF-8。
    """
    own = {*_OWN, home}
    unsaid = [entry for entry in entries if not entry.flag_bits & _UTF8 and not entry.filename.isascii()]

    def known(encoding: str) -> int:
        return sum(_path(_decoded(entry, encoding)).name in own for entry in unsaid)

    encoding = _GBK if known(_GBK) > known("utf-8") else "utf-8"
    names = {entry: entry.filename for entry in entries}
    names |= {entry: _decoded(entry, encoding) for entry in unsaid}
    told = []
    if encoding == _GBK:
        shown = "、".join(names[entry] for entry in unsaid[:_SHOWN])
        more = f"等 {len(unsaid):,} 个" if len(unsaid) > _SHOWN else ""
        told = [f"压缩文件里的中文名没有标明是 UTF-8，照 GB18030（GBK）认作：{shown}{more}"]
    return names, told


def _extract(archive: zipfile.ZipFile, folder: Path, home: str) -> list[str]:
    """展开数据包的各文件，返回名字照 GBK 认的、没有展开的（提醒）。文件都在同一层目录里的也收。"""
    files: list[tuple[PurePosixPath, zipfile.ZipInfo]] = []
    problems = []
    names, told = _names(archive.infolist(), home)
    for entry, name in names.items():
        path = _path(name)
        if path.is_absolute() or ".." in path.parts or any(":" in part for part in path.parts[:1]):
            problems.append(Problem(MANIFEST, None, "-", f"压缩文件里的路径越出了数据包：{name}"))
        elif path.parts and not entry.is_dir():
            files.append((path, entry))
        elif path.name in _OWN:
            problems.append(Problem(MANIFEST, None, "-", f"压缩文件里的 {path} 是一个目录，不是文件"))
    for path, count in Counter(path for path, _ in files).items():
        if count > 1:
            problems.append(
                Problem(MANIFEST, None, "-", f"压缩文件里同一份文件有 {count} 份，不知道该读哪一份：{path}")
            )
    if problems:
        raise PackageError(problems)
    root = _root([path for path, _ in files], home)
    ignored = []
    for path, entry in files:
        if path.parent == root:
            _write(archive, entry, folder / path.name)
        else:
            ignored.append(f"数据包里多余的文件，已忽略：{path}")
    return told + ignored


def _root(paths: list[PurePosixPath], home: str) -> PurePosixPath:
    """数据包在压缩包的哪一层：根目录，或唯一一层放着 `home` 的目录。"""
    homes = [path.parent for path in paths if path.name == home and len(path.parts) <= 2]
    top = PurePosixPath()
    return top if top in homes or len(homes) != 1 else homes[0]


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    with archive.open(entry) as reader, target.open("wb") as writer:
        written = 0
        while chunk := reader.read(_CHUNK):
            written += len(chunk)
            if written > entry.file_size:
                raise refused(f"压缩文件的大小与标注不符：{entry.filename}")
            writer.write(chunk)
