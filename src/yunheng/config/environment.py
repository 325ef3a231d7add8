"""运行环境：数据放哪里、密钥、数据库地址。都能用环境变量改，不改就照默认。

`YUNHENG_DATA` 数据目录（默认当前目录的 var/）；`DATABASE_URL` 应用角色的数据库地址，不给就用嵌入的 PostgreSQL；
`DATABASE_OWNER_URL` 属主角色的地址，迁移、核对、备份时用；`DEMO=1` 是演示环境；
`YUNHENG_DATABASE_LOG` 另装的数据库的日志在哪里，审计页要读；
`YUNHENG_DISTRICT` 区名（默认松江区），写进数据包和结算书。
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

APP_URL, OWNER_URL = "DATABASE_URL", "DATABASE_OWNER_URL"
DATABASE_LOG = "YUNHENG_DATABASE_LOG"


def data_folder() -> Path:
    """数据目录：数据库、密钥、备份都在里面。不在就建。"""
    folder = Path(os.environ.get("YUNHENG_DATA", "var")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def demo() -> bool:
    """是不是演示环境：换身份、拨业务日期、恢复初始数据只在演示环境里有。"""
    return os.environ.get("DEMO") == "1"


def reset_request() -> Path:
    """演示环境里有人要恢复初始数据，就放下这个文件；主进程看到了去办，办完删掉。"""
    return data_folder() / "reset"


def database_log() -> Path | None:
    """PostgreSQL 的日志，给审计页看被拒绝的企图；嵌入的数据库由 `yunheng serve` 自己给出。"""
    given = os.environ.get(DATABASE_LOG)
    return Path(given) if given else None


def secret_key() -> str:
    """签名会话用的密钥：环境变量 `YUNHENG_SECRET_KEY`，否则数据目录里的文件，头一次随机生成，只有属主读得到。"""
    if given := os.environ.get("YUNHENG_SECRET_KEY"):
        return given
    return kept_secret(data_folder() / "secret_key")


def kept_secret(path: Path) -> str:
    """读文件里的随机口令，没有就生成；几个进程同时生成，只有一个算数。"""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value := secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    return value


def mail_server(url: str) -> dict[str, Any]:
    """`smtp://用户:口令@主机:端口` → 主机、端口、用户、口令、是否全程加密；空是不发邮件。"""
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("YUNHENG_MAIL 应写成 smtp://用户:口令@主机:端口 或 smtps://…")
    return {
        "host": parts.hostname,
        "port": parts.port or (465 if parts.scheme == "smtps" else 25),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "ssl": parts.scheme == "smtps",
    }


def oidc(variables: Mapping[str, str]) -> dict[str, str]:
    """OIDC：`YUNHENG_OIDC` 是颁发者地址，另要 `_CLIENT`、`_SECRET`；`_CLAIM` 是哪一项写着登录名。没配为空。"""
    if not variables.get("YUNHENG_OIDC"):
        return {}
    if missing := [name for name in ("YUNHENG_OIDC_CLIENT", "YUNHENG_OIDC_SECRET") if not variables.get(name)]:
        raise ValueError(f"配了 YUNHENG_OIDC，还要 {'、'.join(missing)}")
    return {
        "issuer": variables["YUNHENG_OIDC"],
        "client": variables["YUNHENG_OIDC_CLIENT"],
        "secret": variables["YUNHENG_OIDC_SECRET"],
        "claim": variables.get("YUNHENG_OIDC_CLAIM", "preferred_username"),
    }


def ldap(variables: Mapping[str, str]) -> dict[str, str]:
    """LDAP：`YUNHENG_LDAP` 是 ldaps://主机，`YUNHENG_LDAP_USER` 是 uid={username},ou=… 的样子。没配为空。"""
    if not variables.get("YUNHENG_LDAP"):
        return {}
    user = variables.get("YUNHENG_LDAP_USER", "")
    if "{username}" not in user:
        raise ValueError("配了 YUNHENG_LDAP，还要 YUNHENG_LDAP_USER，里面用 {username} 代表登录名")
    return {"server": variables["YUNHENG_LDAP"], "user": user}


def database(url: str) -> dict[str, object]:
    """`postgresql://用户:口令@主机:端口/库?sslmode=…` → Django 的数据库设置；别的库一概不收。"""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("DATABASE_URL 应以 postgresql:// 开头：只支持 PostgreSQL 15 及以上")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {**dict(parse_qsl(parts.query)), "application_name": "yunheng"},
    }
