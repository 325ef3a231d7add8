"""出了错怎样退出、说哪一句：数据的错 1，环境的错（磁盘、内存、数据库）3。没有堆栈，没有空白的错。"""

from __future__ import annotations

import errno
import subprocess

from yunheng.metering.problems import NoRoom

DATA, ENVIRONMENT = 1, 3
_MISSING = {
    errno.ENOENT: "没有这个文件或目录",
    errno.EISDIR: "是目录，不是文件",
    errno.ENOTDIR: "路径里有一段不是目录",
    errno.ENAMETOOLONG: "文件名太长",
    errno.EEXIST: "已经有这个文件",
}
_DISK = {
    errno.ENOSPC: "磁盘满了",
    errno.EDQUOT: "磁盘配额用完了",
    errno.EROFS: "磁盘是只读的",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EIO: "磁盘读写出错",
    errno.EFBIG: "文件太大，超过了系统允许的大小",
    errno.EMFILE: "打开的文件太多",
}
_DATABASE = ("django.db", "psycopg")


def explained(error: Exception) -> tuple[int, str]:  # noqa: PLR0911 一种错一句，顺着写最清楚
    """（退出码, 一句中文）。"""
    said = str(error).strip() or type(error).__name__
    if isinstance(error, NoRoom):
        return ENVIRONMENT, said
    if isinstance(error, MemoryError):
        return ENVIRONMENT, "内存不够，请关掉别的程序，或换一台内存大的机器再试"
    if isinstance(error, subprocess.CalledProcessError):
        return ENVIRONMENT, f"外部程序没有做成，退出码 {error.returncode}：{error.cmd}"
    if wrapped := next((one for one in error.args if isinstance(one, OSError)), None):
        return explained(wrapped)  # 写 Excel 的库把系统的错包了一层
    kind = type(error)
    if kind.__module__.startswith(_DATABASE):
        return ENVIRONMENT, f"数据库连不上或出错（库的原话：{said.splitlines()[0]}）"
    if kind.__module__.startswith(("duckdb", "_duckdb")):
        return ENVIRONMENT, f"计算用的库出错，没有写任何文件（库的原话：{said.splitlines()[0]}）"
    if isinstance(error, OSError) and error.errno:
        place = f"：{error.filename}" if error.filename else ""
        if error.errno in _MISSING:
            return DATA, f"{_MISSING[error.errno]}{place}"
        return ENVIRONMENT, f"{_DISK.get(error.errno, f'系统出错（{error.strerror}）')}{place}"
    if isinstance(error, ValueError | OSError | RuntimeError):
        return DATA, said
    return ENVIRONMENT, f"程序出错（{kind.__name__}：{said.splitlines()[0]}），请把命令和文件交给维护的人"
