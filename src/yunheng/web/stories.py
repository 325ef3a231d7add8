"""演示导览：各条故事线以谁的身份、到哪里看。编号由示例区装入的先后定下，每次相同。"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """一条故事线。"""

    title: str
    text: str
    who: str
    href: str


#: 每个角色三分钟走一遍：（做什么, 到哪里）
PATHS: dict[str, tuple[tuple[str, str], ...]] = {
    "demo.mzj": (
        ("打开填到一半的首次申请，看任务清单哪一部分有问题", "/apply/SQ-2026-0001/"),
        ("主机清单里点“从 Excel 粘贴或导入”，导入样例（里面有三处错），看错误怎样指出来", "/apply/SQ-2026-0001/hosts/"),
        ("打开被退回的一件，点一下就到要补正的地方", "/apply/SQ-2026-0004/"),
        ("看走完全程的一件：时间线、附件1 的 Word 和 PDF", "/cases/SQ-2026-0002/"),
        ("在台账里点开一个资源，看它任何一天的状态和证据", "/assets/"),
    ),
    "demo.shy": (
        ("待办里最急的在最前面，时限点开看数了哪些天", "/todo/"),
        ("办理联合审核：退回补正要点出是哪一栏", "/cases/QY-2026-0001/"),
        ("看变更离 20% 上限还有多少", "/cases/BG-2026-0001/"),
        ("缺安全确认的为什么不能正式开通", "/cases/SQ-2026-0007/"),
        ("把列表筛好存成视图，导出 Excel", "/cases/?view=open"),
    ),
    "demo.lt": (
        ("看超期未开通的一件", "/cases/SQ-2026-0003/"),
        ("逐行填回执：资源编号、工单号、完成日期", "/cases/SQ-2026-0003/#act"),
        ("按文件导入平台的工单、日志", "/inbox/"),
    ),
    "demo.kw": (
        ("同意街道自费单位的申请", "/cases/SQ-2026-0005/"),
        ("看口径各是怎么定的，另作决定", "/conventions/"),
        ("下载结算数据包，离线重算", "/settlement/package/"),
    ),
    "demo.dsf": (
        ("下载结算数据包，用一条命令离线重算", "/settlement/package/"),
        ("看平台数据收了多少", "/inbox/"),
        ("点开资源的证据：单据、审批、工单、日志、单价", "/assets/"),
    ),
    "demo.sjgly": (("当场核对整条审计链", "/audit/?verify=1"), ("按姓名、对象查谁改过什么", "/audit/?q=陈静")),
}


def sample_rows() -> list[list[str]]:
    """导入样例的十行主机；第 3 行缺内存，第 6 行 CPU 不是数字，第 9 行网络区域不在规定里。"""
    rows = [
        ["云主机", "1", "8", "32", "麒麟 V10", "0.1", "0.5", "否", "政务外网", "", "", f"应用{number}"]
        for number in range(1, 11)
    ]
    rows[2][3], rows[5][2], rows[8][8] = "", "八", "外网"
    return rows


STORIES = (
    Story("填到一半的首次申请", "民政局的主机清单有两处错，看错误怎样指出来。", "demo.mzj", "/apply/SQ-2026-0001/"),
    Story("退回补正", "审核员指出了两处，点一下就到；补正期间时限停着。", "demo.mzj", "/apply/SQ-2026-0004/"),
    Story("联合审核还剩 1 个工作日", "教育局迁移，信息化管理科和区科创中心会签。", "demo.shy", "/cases/QY-2026-0001/"),
    Story(
        "变更接近 20% 上限", "民政局加一台主机，看新增占首次申请量的比例怎样算。", "demo.shy", "/cases/BG-2026-0001/"
    ),
    Story("服务商开通超期", "联通没有按时开通，逐行填回执。", "demo.lt", "/cases/SQ-2026-0003/"),
    Story("备份没做完的注销", "教育局的注销，备份尚未完成，不能提交。", "demo.jyj", "/apply/ZX-2026-0001/check/"),
    Story("缺安全确认，不能正式开通", "教育局已验证通过，六项还没有确认。", "demo.shy", "/cases/SQ-2026-0007/"),
    Story("街道自费单位", "先由区科委同意。", "demo.kw", "/cases/SQ-2026-0005/"),
    Story("快到期的临时资源", "7 月 31 日到期，延期至少提前 15 个工作日。", "demo.mzj", "/assets/calendar/?ym=2026-07"),
    Story("走完全程的一件", "从附件1 到正式开通，台账里看得到每一条事实。", "demo.mzj", "/cases/SQ-2026-0002/"),
    Story(
        "一个金额为什么是这么多",
        "从全区的总额点到单位、项目、资源、一天，再看证据，每级的和都等于下级。",
        "demo.shy",
        "/settlement/runs/2/",
    ),
    Story("服务商不认一条账目", "联通提的异议和区科创中心的答复。", "demo.lt", "/settlement/objections/1/"),
    Story("审计链", "每一步都在，当场核对整条链。", "demo.sjgly", "/audit/?verify=1"),
)
