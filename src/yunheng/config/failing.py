"""出了错怎样退出、说哪一句：数据的错 1，环境的错（磁盘、内存、数据库）3。没有堆栈，没有空白的错。

程序、库自己的话（英文、堆栈）不上屏幕，另记一份文件，屏幕上写在哪里：给维护的人看。
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
import tempfile
import traceback

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
_CHINESE = re.compile("[\u4e00-\u9fff]")
#: 数据库的错是哪一种，照类名认
_BROKEN = {
    "OperationalError": "数据库连不上，或连接断了：看数据库起来没有，DATABASE_URL 写得对不对",
    "InterfaceError": "数据库连不上，或连接断了：看数据库起来没有，DATABASE_URL 写得对不对",
    "ProgrammingError": "数据库的表与程序的版本不符：先升级（yunheng migrate）再试",
    "IntegrityError": "与数据库里已有的冲突，没有写",
    "DataError": "有数据库存不下的数，没有写",
}


def explained(error: Exception) -> tuple[int, str]:  # noqa: PLR0911 一种错一句，顺着写最清楚
    """（退出码, 一句中文）。"""
    said = str(error).strip()
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
        which = next((_BROKEN[one.__name__] for one in kind.__mro__ if one.__name__ in _BROKEN), "数据库出错")
        return ENVIRONMENT, f"{which}{_kept(error)}"
    if kind.__module__.startswith(("duckdb", "_duckdb")):
        return ENVIRONMENT, f"计算用的库出错，没有写任何文件{_kept(error)}"
    if isinstance(error, OSError) and error.errno:
        place = f"：{error.filename}" if error.filename else ""
        if error.errno in _MISSING:
            return DATA, f"{_MISSING[error.errno]}{place}"
        known = _DISK.get(error.errno)
        return ENVIRONMENT, f"{known or f'系统出错，错误号 {error.errno}'}{place}{'' if known else _kept(error)}"
    if isinstance(error, ValueError | OSError | RuntimeError):
        # 我们自己的话都是中文；库里冒出来的英文说不清哪里不对，不上屏幕
        return DATA, said if _CHINESE.search(said) else f"数据有读不懂的地方，程序没有说明缘由{_kept(error)}"
    return ENVIRONMENT, f"程序出错，请把命令和文件交给维护的人{_kept(error)}"


def _kept(error: Exception) -> str:
    """程序的原话和堆栈记进一份临时文件，返回“写在哪里”的半句；写不下的没有。"""
    try:
        handle, name = tempfile.mkstemp(prefix="yunheng-出错-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(traceback.format_exception(error))
    except OSError:
        return ""
    return f"；程序的原话记在 {name}"
