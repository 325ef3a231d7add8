"""收进来的 Word、Excel 文件先过这一关：是不是真的、多大、有没有宏、是不是压缩炸弹。"""

from __future__ import annotations

import io
import zipfile

MAX_FILE = 10 * 1024 * 1024
_MAX_UNPACKED = 200 * 1024 * 1024


def checked_office(content: bytes, name: str, suffixes: tuple[str, ...], hint: str) -> None:
    """是不是真的 Office 文件：扩展名、大小、宏、炸弹；不合的抛 ValueError，说明该怎么办。"""
    lower = name.lower()
    if lower.endswith((".xlsm", ".docm")):
        raise ValueError(f"“{name}”带宏，不能导入，请另存为不带宏的 {suffixes[0]}")
    if not lower.endswith(suffixes):
        kinds = "、".join(suffixes)
        raise ValueError(f"“{name}”不是 {kinds} 文件，请在 Office 或 WPS 里另存为 {kinds} 再导入")
    if len(content) > MAX_FILE:
        raise ValueError(f"“{name}”超过 {MAX_FILE // 1048576} MB，{hint}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names, size = packed.namelist(), sum(info.file_size for info in packed.infolist())
    except zipfile.BadZipFile as error:
        raise ValueError(f"“{name}”打不开，文件可能坏了或不是真的 {suffixes[0]}，请重新另存后再导入") from error
    if any("vbaProject" in entry for entry in names):
        raise ValueError(f"“{name}”里有宏，不能导入，请另存为不带宏的 {suffixes[0]}")
    if size > _MAX_UNPACKED:
        raise ValueError(f"“{name}”解开以后太大，{hint}")
