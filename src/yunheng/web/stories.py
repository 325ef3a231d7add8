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
    Story("审计链", "每一步都在，当场核对整条链。", "demo.sjgly", "/audit/?verify=1"),
)
