"""写机构、人员、任职、口令。"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, Refused
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.periods import last_day, service_year_of
from yunheng.rules.roles import Role

from .models import Appointment, ConventionDecision, Institution, Person
from .posts import misplaced
from .queries import current


def register_institution(*, actor: Actor, code: str, name: str, kind: str, **details: object) -> Institution:
    """登记机构；哪一栏不对、缺预算性质（R-003）抛 Refused。"""
    with unit_of_work(actor) as journal:
        institution = Institution(code=code, name=name, kind=kind, **details)
        _clean(institution)
        institution.save()
        journal.note("登记机构", code, after={"名称": name, "类型": kind})
    return institution


def _clean(row: Institution | Person) -> None:
    """照表的约束检查，问题说到哪一栏；有问题抛 Refused。"""
    try:
        row.full_clean()
    except ValidationError as error:
        raise Refused(_problems(row, error)) from error


def _problems(row: Institution | Person, error: ValidationError) -> Iterator[str]:
    labels = {one.name: one.verbose_name for one in row._meta.fields}
    for name, found in error.error_dict.items():
        if name == NON_FIELD_ERRORS:
            yield from (At("nature", message) for one in found for message in one.messages)
            continue
        label = labels[name]
        for one in found:
            yield At(name, _said(label, getattr(row, name), one))


def _said(label: object, value: object, one: ValidationError) -> str:
    """框架的话换成这里的说法：请填哪一栏，哪一栏已有。"""
    if one.code in ("blank", "null"):
        return f"请填{label}"
    if one.code == "unique":
        return f"{label}“{value}”已有，不能重复登记"
    return f"{label}：{'；'.join(one.messages)}"


def register_person(
    *, actor: Actor, username: str, name: str, password: str, must_change_password: bool = True, phone: str = ""
) -> Person:
    """登记能登录的人，给一个初始口令，头一次登录要改（R-111）；哪一栏不对抛 Refused。"""
    with unit_of_work(actor) as journal:
        person = Person(username=username, name=name, must_change_password=must_change_password, phone=phone)
        person.set_password(password)
        _clean(person)
        person.save()
        journal.note("登记人员", username, after={"姓名": name})
    return person


def appoint(*, actor: Actor, person: Person, institution: Institution, role: Role, on: date) -> Appointment:
    """任职。三员与业务角色、三员之间都不得由一人兼任（R-111）；兼任、已任此职、机构不对抛 Refused。"""
    if problem := misplaced(institution, role):
        raise Refused([At("institution", problem)])
    with unit_of_work(actor) as journal:
        Person.objects.select_for_update().get(pk=person.pk)
        if Appointment.objects.filter(person=person, institution=institution, role=role, until_on=None).exists():
            raise Refused([At("role", f"{person.name} 已任此职：{institution.name} {role.label}（R-001）")])
        held = [Role(value) for value in current(person, on).values_list("role", flat=True)]
        clash = [other for other in held if other != role and (other.administrative or role.administrative)]
        if clash:
            problem = (
                f"{person.name} 已是{clash[0].label}，不能再任{role.label}："
                "系统、安全、审计三员相互独立，也不办业务（等保三级，R-111）"
            )
            raise Refused([At("role", problem)])
        appointment = Appointment.objects.create(person=person, institution=institution, role=role, from_on=on)
        journal.note("任职", person.username, after={"机构": institution.name, "角色": role.label})
    return appointment


def dismiss(*, actor: Actor, appointment: Appointment, on: date) -> None:
    """离任：自 `on` 起不再任职；当日任命当日免的，次日起算。不能免的（见 kept_because）抛 Refused。"""
    with unit_of_work(actor) as journal:
        # 锁住同一角色的各人：两个人同时免对方，也总剩下一个
        list(Appointment.objects.select_for_update().filter(role=appointment.role, until_on=None))
        appointment.refresh_from_db()
        if problem := kept_because(actor, appointment):
            raise Refused([problem])
        appointment.until_on = max(on, date.fromordinal(appointment.from_on.toordinal() + 1))
        appointment.save(update_fields=["until_on"])
        journal.note("免职", appointment.person.username, after={"角色": Role(appointment.role).label})


def kept_because(actor: Actor, appointment: Appointment) -> str:
    """为什么不能免去这一任职；能免为空。三员任何一员都不能空缺，自己的由别人免（R-111）。"""
    role = Role(appointment.role)
    if appointment.until_on is not None:
        return f"{appointment.person.name} 的{role.label}已免，任职到 {last_day(appointment.until_on)}（含）（R-001）"
    if appointment.person_id == actor.person:
        return "不能免去自己的任职，请另一位系统管理员办（三员分立，R-111）"
    others = Appointment.objects.filter(role=role, until_on=None).exclude(person=appointment.person_id)
    if role.administrative and not others.exists():
        return f"{appointment.person.name} 是唯一的{role.label}，先任命接替的人再免去（三员不能空缺，等保三级，R-111）"
    return ""


def change_password(*, actor: Actor, person: Person, old: str, new: str) -> None:
    """本人改口令；旧口令不对、新口令太弱或没变抛 ValidationError。"""
    if not person.check_password(old):
        raise ValidationError("原口令不对")
    if old == new:
        raise ValidationError("新口令不能和原口令一样")
    validate_password(new, person)
    with unit_of_work(actor) as journal:
        person.set_password(new)
        person.must_change_password = False
        person.password_changed_at = timezone.now()
        person.save(update_fields=["password", "must_change_password", "password_changed_at"])
        journal.note("改口令", person.username)


def prefer(*, actor: Actor, person: Person, email: str, channels: Collection[str]) -> None:
    """本人选提醒从哪里送（站内待阅总有）；邮箱写法不对、要邮件却没填邮箱抛 ValidationError。"""
    if "email" in channels and not email:
        raise ValidationError("要用邮件提醒，请先填邮箱")
    with unit_of_work(actor) as journal:
        person.email = email
        person.preferences = {**person.preferences, **{name: name in channels for name in ("email", "webhook")}}
        person.full_clean(exclude=["password"])
        person.save(update_fields=["email", "preferences"])
        journal.note("改提醒方式", person.username, after={"渠道": sorted(channels)})


MAX_VIEWS = 20


def save_view(*, actor: Actor, person: Person, page: str, name: str, query: str) -> None:
    """记住一个列表的筛选，下次一点就到；同名的换成新的。名字空、太多抛 ValidationError。"""
    name = name.strip()[:30]
    if not name:
        raise ValidationError("请给这个视图起个名字")
    kept = [view for view in person.preferences.get("views", []) if (view["page"], view["name"]) != (page, name)]
    if len(kept) >= MAX_VIEWS:
        raise ValidationError(f"最多存 {MAX_VIEWS} 个视图，请先删几个")
    _set_views(actor, person, [*kept, {"page": page, "name": name, "query": query[:1000]}], "存视图", name)


def drop_view(*, actor: Actor, person: Person, page: str, name: str) -> None:
    """删去一个存过的视图；没有就算了。"""
    kept = [view for view in person.preferences.get("views", []) if (view["page"], view["name"]) != (page, name)]
    _set_views(actor, person, kept, "删视图", name)


def _set_views(actor: Actor, person: Person, views: list[dict[str, str]], action: str, name: str) -> None:
    with unit_of_work(actor) as journal:
        person.preferences = {**person.preferences, "views": views}
        person.save(update_fields=["preferences"])
        journal.note(action, name)


def reset_password(*, actor: Actor, person: Person, password: str) -> None:
    """安全管理员重置口令：给一个新的初始口令，下次登录要改。"""
    with unit_of_work(actor) as journal:
        person.set_password(password)
        person.must_change_password = True
        person.save(update_fields=["password", "must_change_password"])
        journal.note("重置口令", person.username)


def decide_convention(
    *, actor: Actor, on: date, code: str, option: str, reason: str, effective_on: date
) -> ConventionDecision:
    """区科委决定一条口径（R-005）。不是区科委、没写理由、往已经过去的服务年度改抛 Refused。"""
    if actor.role != Role.AUTHORITY:
        raise Refused(["口径由区科委决定（D62-十，R-005）"])
    if code not in CONVENTIONS or option not in CONVENTIONS[code].options:
        raise Refused([f"没有口径 {code} 的选项“{option}”（R-005）"])
    if not reason.strip():
        raise Refused(["改口径要写明理由，结算书上会列出（R-005）"])
    if service_year_of(effective_on) < service_year_of(on):
        raise Refused(
            [
                At(
                    "effective_on",
                    f"{code} 自何日起：{effective_on} 在已经过去的服务年度，不能往回改口径；更正走补差（R-005、R-083）",
                )
            ]
        )
    with unit_of_work(actor) as journal:
        decision = ConventionDecision.objects.create(
            code=code,
            option=option,
            reason=reason.strip(),
            effective_on=effective_on,
            decided_on=on,
            by=str(actor),
        )
        journal.note("决定口径", code, after={"选项": option, "自": effective_on.isoformat(), "理由": reason.strip()})
    return decision
