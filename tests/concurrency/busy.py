"""一直办事：起草、填表、提交、签批、审核、收件；每办成一件打印一行。给断电测试用。"""

from __future__ import annotations

import uuid
from datetime import date

import django

django.setup()


def main() -> None:
    """办到被杀为止。"""
    from tests.support.people import cast
    from yunheng.config.demo.stories import FILLED, Walk
    from yunheng.ledger.models import Source
    from yunheng.ledger.receiving import receive
    from yunheng.orgs.models import Institution

    people, day = cast(), date(2026, 3, 2)
    source, _ = Source.objects.get_or_create(code="断电", defaults={"provider": Institution.objects.get(code="CU")})
    while True:
        name = uuid.uuid4().hex
        walk = Walk(people, "mzj", day, "new", project_name=name)
        done(f"件 {walk.case.number} 0")
        walk.fill(**FILLED).submit()
        done(f"件 {walk.case.number} 1")
        walk.act("mzj-fzr", "approve")
        done(f"件 {walk.case.number} 2")
        walk.act("shy", "approve").deliver("lt", f"E-{name[:12]}-")
        done(f"件 {walk.case.number} 4")
        batch = [(f"{name}/{n}", {"n": n}) for n in range(200)]
        receive(actor=people["lt"], on=day, source=source, kind="日志", items=batch)
        done(f"批 {name} 200")


def done(text: str) -> None:
    """办成了，向用户确认。"""
    print(text, flush=True)


if __name__ == "__main__":
    main()
