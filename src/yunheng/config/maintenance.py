"""迁移、核对、备份、恢复：都以属主角色连库，在子进程里做，不影响正在服务的进程。"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from . import environment
from .database import OWNER, Cluster, tool


def owner_environment(cluster: Cluster | None) -> dict[str, str]:
    """以属主身份跑 Django 命令的环境。"""
    extra = {"DJANGO_SETTINGS_MODULE": "yunheng.config.settings", "YUNHENG_AS": "owner"}
    if cluster:
        extra |= {environment.OWNER_URL: cluster.url(OWNER), environment.APP_URL: cluster.url()}
    return {**os.environ, **extra}


def migrate() -> None:
    """升到最新的表结构，再照名单发权限、装触发器。要以属主身份调用。"""
    from django.core.management import call_command  # noqa: PLC0415 装好应用以后才能引入
    from django.db import connection  # noqa: PLC0415

    from yunheng.audit.append_only import protect  # noqa: PLC0415
    from yunheng.ledger.operations import refold_outdated  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    protect(connection, app_role())
    refold_outdated()


#: 没有活时多久看一次，秒
_IDLE_SECONDS = 1.0


def work() -> None:
    """等着办一件：排队的计量、全年预测、方案的文件；办完就退出，内存还给系统，由起它的进程再起。"""
    from django.db import close_old_connections  # noqa: PLC0415

    from yunheng.settlement.plans.papering import write_next  # noqa: PLC0415
    from yunheng.settlement.runs.forecasting import forecast_next  # noqa: PLC0415
    from yunheng.settlement.runs.running import work_once  # noqa: PLC0415

    while not (work_once() or write_next() or forecast_next()):
        time.sleep(_IDLE_SECONDS)
        close_old_connections()


def remind() -> str:
    """按业务日期提醒一遍，再外发；返回一句话的结果。"""
    from yunheng.assessment import surveying  # noqa: PLC0415
    from yunheng.assessment.operations import arise  # noqa: PLC0415
    from yunheng.cases import notifying  # noqa: PLC0415
    from yunheng.catalog.procuring import chase  # noqa: PLC0415
    from yunheng.ledger import licensing  # noqa: PLC0415
    from yunheng.ledger.operations import remind_expiry  # noqa: PLC0415
    from yunheng.orgs.access import business_date  # noqa: PLC0415
    from yunheng.settlement import handover  # noqa: PLC0415
    from yunheng.settlement.operations import order_estimates, order_monthly  # noqa: PLC0415

    on = business_date()
    order_monthly(on)
    order_estimates(on)
    cases, resources, overdue = notifying.remind(on), remind_expiry(on) + licensing.remind(on), arise(on)
    chased = chase(on) + surveying.chase(on)
    commissions = notifying.remind_commissions(on)
    sent = notifying.send_out()
    done = f"提醒事项 {cases} 件、资源 {resources} 起，超期成考核事件 {overdue} 起，催采购、签约、问卷 {chased} 起"
    done += f"，委托合同到期 {commissions} 份，数据汇交 {handover.remind(on) + handover.remind_changed(on)} 次"
    return f"{on}：{done}；外发 {sent['sent']} 条，没送成 {sent['failed']} 条"


def app_role() -> str:
    """应用角色的名字，从应用的数据库地址里取。"""
    if given := os.environ.get(environment.APP_URL):
        return urlsplit(given).username or ""
    return "yunheng_app"


def backup(target: Path) -> None:
    """整库备份成一个文件（pg_dump 自定义格式，含附件和审计链）；先写临时文件，写完才改名。"""
    url = _owner_url()
    partial = target.with_suffix(target.suffix + ".未写完")
    subprocess.run([tool("pg_dump"), "--format=custom", f"--file={partial}", url], check=True)
    partial.replace(target)


def restore(source: Path) -> None:
    """从备份恢复到现在的空库；库里有表就拒绝，免得盖掉数据。"""
    import psycopg  # noqa: PLC0415

    url = _owner_url()
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        if found and found[0]:
            raise ValueError("库里已有数据，恢复只能用在空库上；请先新建一个空库")
    subprocess.run(
        [tool("pg_restore"), "--exit-on-error", "--no-owner", "--single-transaction", f"--dbname={url}", source],
        check=True,
    )


def _owner_url() -> str:
    if given := os.environ.get(environment.OWNER_URL):
        return given
    return Cluster.at(environment.data_folder()).url(OWNER)


def as_owner(cluster: Cluster | None, *arguments: str) -> None:
    """在子进程里以属主身份跑一条 yunheng 命令；失败抛 CalledProcessError。"""
    subprocess.run([sys.executable, "-m", "yunheng.config.cli", *arguments], check=True, env=owner_environment(cluster))
