"""知会和提醒：站内待阅一定有；本人要的，再从邮件或消息网关送一份。同一回事只提醒一次（R-045、R-113）。"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from yunheng.audit.actor import SYSTEM
from yunheng.audit.operations import unit_of_work
from yunheng.orgs.commissioning import commissions
from yunheng.orgs.models import Institution, Person
from yunheng.rules.periods import last_day
from yunheng.rules.procedures import Act, procedure
from yunheng.rules.procedures.timing import timing
from yunheng.rules.roles import Role

from .models import Board, Case, Notice, Outgoing, Reminder
from .queries import calendar

#: 送不成的最多试几次
MAX_TRIES = 5
_TIMEOUT = 10
#: 委托合同到期前多久提醒
_BEFORE_EXPIRY = timedelta(days=30)
#: 时限的样子 → 哪一回：到期前两个工作日内、当日、超期，各提醒一次
_MARKS = {"soon": "临期", "today": "今天到期", "overdue": "已超期"}


def tell(
    *,
    case: Case | None,
    role: str,
    institution: Institution | int | None,
    text: str,
    on: date,
    seq: int = 0,
    href: str = "",
) -> Notice:
    """知会某机构某角色的人（机构为空是这个角色的所有人）；要外发的排上队，和业务在同一事务里。

    `href` 是点开到哪里，空的到办件页；不是哪件事项的要给。
    """
    notice = Notice.objects.create(
        case=case,
        role=role,
        institution_id=institution.pk if isinstance(institution, Institution) else institution,
        text=text[:300],
        href=href,
        on=on,
        seq=seq,
    )
    wanted = channels()
    people = Person.objects.filter(is_active=True, appointments__role=role, appointments__from_on__lte=on).exclude(
        appointments__until_on__lte=on
    )
    if notice.institution_id is not None:
        people = people.filter(appointments__institution=notice.institution_id)
    Outgoing.objects.bulk_create(
        Outgoing(notice=notice, person=person, channel=channel)
        for person in people.distinct()
        for channel in wanted
        if person.preferences.get(channel) and (channel != "email" or person.email)
    )
    return notice


def remind(on: date) -> int:
    """在办的事项临期、到期、超期各提醒一次在手的人；超期的另报区科委。返回新提醒几件。"""
    count = 0
    with unit_of_work(SYSTEM) as journal:
        boards = Board.objects.filter(outcome="", paused=False, due_on__isnull=False).select_related("case", "unit")
        for board in boards.iterator(chunk_size=500):
            shown = timing(board.due_on, on, calendar())
            if shown.tone not in _MARKS or not first_time(
                board.case, f"{board.step}/{board.since_on}/{shown.tone}", on
            ):
                continue
            text = f"{_MARKS[shown.tone]}：{board.case.number} {board.step_name}，{shown.text}"
            for role in board.roles:
                tell(case=board.case, role=role, institution=board.holder_id, text=text, on=on, seq=board.seq)
            for late in _taking_over(board) if shown.tone == "overdue" else ():
                words = f"{text}；可以办“{late.name}”"
                tell(case=board.case, role=str(late.late), institution=None, text=words, on=on, seq=board.seq)
            if shown.tone == "overdue":
                tell(case=board.case, role=Role.AUTHORITY, institution=None, text=text, on=on, seq=board.seq)
            count += 1
        if count:
            journal.note("提醒", on.isoformat(), after={"件数": count})
    return count


def _taking_over(board: Board) -> tuple[Act, ...]:
    """在手的人期满没办，别的角色接着能办的。"""
    step = procedure(board.case.procedure, board.case.version).step(board.step)
    return tuple(act for act in step.acts if act.late)


def remind_commissions(on: date) -> int:
    """委托合同到期前三十天起，提醒一次区科创中心（R-089）；提前终止的、各项都已续签的不提醒。返回提醒几份。"""
    count = 0
    found = list(commissions().filter(termination=None, until_on__lte=on + _BEFORE_EXPIRY))
    with unit_of_work(SYSTEM):
        for one in found:
            renewed = {
                scope
                for other in commissions().filter(institution=one.institution).exclude(pk=one.pk)
                if other.in_force(one.until_on)
                for scope in other.scopes
            }
            lapsing = [scope.label for scope in one.covers if scope not in renewed]
            if not lapsing or not first_time(None, f"委托到期/{one.pk}", on):
                continue
            ends = f"到 {last_day(one.until_on)}（含）{'已期满' if on >= one.until_on else '期满'}"
            text = (
                f"与{one.institution.name}的委托合同 {one.number} {ends}，{'、'.join(lapsing)}还没有续签，"
                "期满后不能办（D14-16(监管机制)，R-089）"
            )
            tell(case=None, role=Role.REVIEWER, institution=None, text=text, on=on, href=f"/commissions/{one.pk}/")
            count += 1
    return count


def first_time(case: Case | None, mark: str, on: date) -> bool:
    """这一回还没提醒过：记下，返回真。几个进程同时跑，只有一个为真。"""
    _, created = Reminder.objects.get_or_create(case=case, mark=mark, defaults={"on": on})
    return created


def channels() -> tuple[str, ...]:
    """配好了的外发渠道。"""
    return tuple(name for name, ready in (("email", settings.MAIL_READY), ("webhook", settings.WEBHOOK)) if ready)


def send_out(limit: int = 500) -> Mapping[str, int]:
    """把排着队的送出去。一件一件送、一件一件记：送到一半停下，没送的下次接着送。返回送成、没送成几件。"""
    done = {"sent": 0, "failed": 0}
    for _ in range(limit):
        with transaction.atomic():
            waiting = (
                Outgoing.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(sent_at=None, tries__lt=MAX_TRIES)
                .select_related("notice__case", "person")
                .order_by("tries", "id")
                .first()
            )
            if waiting is None:
                break
            try:
                _SENDERS[waiting.channel](waiting)
            except (OSError, ValueError) as error:
                waiting.tries += 1
                waiting.error = str(error)[:300]
                done["failed"] += 1
            else:
                waiting.sent_at, waiting.error = timezone.now(), ""
                done["sent"] += 1
            waiting.save(update_fields=["tries", "error", "sent_at"])
    return done


def _mail(waiting: Outgoing) -> None:
    notice = waiting.notice
    about = f"{notice.case.unit.name} · {notice.case.subject}\n" if notice.case else ""
    body = f"{notice.text}\n\n{about}{_link(notice)}"
    EmailMessage(f"[云衡] {notice.text[:60]}", body, settings.DEFAULT_FROM_EMAIL, [waiting.person.email]).send()


def _post(waiting: Outgoing) -> None:
    notice = waiting.notice
    number = notice.case.number if notice.case else ""
    content = {"to": waiting.person.username, "text": notice.text, "case": number, "url": _link(notice)}
    request = urllib.request.Request(
        settings.WEBHOOK,
        data=json.dumps(content, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT):
        pass


def _link(notice: Notice) -> str:
    return settings.SITE_URL + (notice.href or f"/cases/{notice.case}/")


_SENDERS: Mapping[str, Callable[[Outgoing], None]] = {"email": _mail, "webhook": _post}
