"""流程表的格式：步骤、角色、动作和去向、必填意见、条款、时限、何时适用。

一条流程就是这几种冻结数据；只有四种扩展：会签（一步多个角色都办完才走）、条件步骤、退回补正停钟、倒数时限。
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope


@dataclass(frozen=True)
class Outcome:
    """终点：办结、不予通过、撤回、终止。`state` 是状态字典里的词。"""

    code: str
    state: str


DONE = Outcome("done", "已办结")
REJECTED = Outcome("rejected", "不予通过")
WITHDRAWN = Outcome("withdrawn", "已撤回")
TERMINATED = Outcome("terminated", "已终止")
OUTCOMES = {outcome.code: outcome for outcome in (DONE, REJECTED, WITHDRAWN, TERMINATED)}
#: 各流程里“补正”这一步都叫这个代号；退回时停钟，补正后回到退回的那一步
AMEND = "amend"


@dataclass(frozen=True)
class Limit:
    """时限：自收到之日的次日起数（不含收到当日）。

    `parameter` 是规则参数的键；单位是工作日就数工作日，是月就按自然月。`since` 是从哪一步收到时起算，
    几步合用一个时限时填最早的那步（如五个工作日内审核并开通）。`reference` 为真是参照执行的，页面标“参照”。
    """

    parameter: str
    since: str = ""
    reference: bool = False


@dataclass(frozen=True)
class Field:
    """办理时要填的一栏。`kind`：money 是元（最多两位小数），date 是日期，text 是文字。

    `basis` 是为什么要填，没有填时写给人看。
    """

    key: str
    label: str
    kind: Literal["money", "date", "text"] = "text"
    hint: str = ""
    optional: bool = False
    basis: str = "R-045"


@dataclass(frozen=True)
class Act:
    """一个动作和它的去向。

    `to` 是步骤代号或终点代号；`opinion` 必须写意见；`marks` 必须指出要补正的地方；
    `fields` 是办时要填的栏；`guards` 是办之前要过的关（名字由业务各章登记，缺一关不得办）；
    `effect` 是办成时同一事务里要做的事。`late` 是在手的人过了时限还没办、由谁接着办：不在手上也能办，没过不能办。
    """

    code: str
    name: str
    to: str
    opinion: bool = False
    marks: bool = False
    guards: tuple[str, ...] = ()
    effect: str = ""
    tone: Literal["primary", "plain", "danger"] = "primary"
    fields: tuple[Field, ...] = ()
    late: Role | None = None


def back(name: str, to: str, *guards: str) -> Act:
    """退回到前面的一步，要写明缘由。"""
    return Act("return", name, to, opinion=True, tone="plain", guards=guards)


@dataclass(frozen=True)
class Step:
    """一步。`roles` 多于一个是会签：都办完才走，一方不同意就按那一方的走。

    `when` 是条件的名字（提交时算定，记在事件里），不成立就跳到 `otherwise`。`state` 是状态字典里的词。
    第三方机构办的步骤都有 `scope`：委托合同里要有这一项才能办（R-089）。
    """

    code: str
    name: str
    state: str
    roles: tuple[Role, ...]
    acts: tuple[Act, ...]
    clause: str
    limit: Limit | None = None
    when: str = ""
    otherwise: str = ""
    scope: Scope | None = None

    def act(self, code: str) -> Act:
        """按代号取动作；没有抛 KeyError。"""
        for act in self.acts:
            if act.code == code:
                return act
        raise KeyError(code)

    @property
    def own_acts(self) -> tuple[Act, ...]:
        """在手的人能办的。"""
        return tuple(act for act in self.acts if act.late is None)

    def late_acts(self, role: Role | None) -> tuple[Act, ...]:
        """过了时限以后，不在手上的 `role` 能接着办的。"""
        return tuple(act for act in self.acts if act.late is not None and act.late == role)


@dataclass(frozen=True)
class Procedure:
    """一类事项。`prefix` 是编号的字头；`version` 变了，进行中的仍按开始时的版本走完。"""

    code: str
    name: str
    prefix: str
    clause: str
    requirements: tuple[str, ...]
    gist: str
    steps: tuple[Step, ...]
    version: int = 1
    annexes: tuple[int, ...] = ()
    attachments: tuple[str, ...] = field(default=())

    @property
    def first(self) -> Step:
        """起草的那一步。"""
        return self.steps[0]

    def step(self, code: str) -> Step:
        """按代号取步骤；没有抛 KeyError。"""
        for step in self.steps:
            if step.code == code:
                return step
        raise KeyError(f"{self.name}没有这一步：{code}")

    def arrive(self, target: str, facts: frozenset[str]) -> Step | Outcome:
        """往 `target` 去，跳过条件不成立的步骤，落在哪一步或哪个终点。"""
        while target not in OUTCOMES:
            step = self.step(target)
            if not step.when or step.when in facts:
                return step
            target = step.otherwise
        return OUTCOMES[target]

    def arrows(self) -> Iterator[tuple[Step, Act]]:
        """每一步的每个动作，供画图和核对。"""
        for step in self.steps:
            for act in step.acts:
                yield step, act
