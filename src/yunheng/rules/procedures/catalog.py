"""全部流程。改一条流程就加一个版本，旧版本留着给进行中的事项走完。"""

from __future__ import annotations

from .appraising import APPRAISAL, EVALUATION, SURVEY
from .backfill import BACKFILL
from .budgeting import BUDGETING
from .cataloging import CATALOG_CITY, CATALOG_DISTRICT, INQUIRY
from .change import CHANGE, DEREGISTRATION
from .first import MIGRATION, NEW
from .model import Procedure
from .settling import ADJUSTMENT, ADJUSTMENT_1, ADJUSTMENT_2, SETTLEMENT, SETTLEMENT_1, SETTLEMENT_2
from .special import DEVELOPMENT, DISTRICT, EMERGENCY, EXTENSION, QUOTA, TEMPORARY

#: 哪类事项是哪种单据（结算数据包的“种类”）；不在里面的（配额、对接、延期）不产生资源，补录的照原件写的
FORMS = {
    "new": "首次申请",
    "migration": "首次申请",
    "development": "首次申请",
    "emergency": "首次申请",
    "temporary": "首次申请",
    "change": "变更",
    "deregistration": "注销",
}

_ALL = (
    NEW,
    MIGRATION,
    CHANGE,
    DEREGISTRATION,
    QUOTA,
    DISTRICT,
    DEVELOPMENT,
    EMERGENCY,
    TEMPORARY,
    EXTENSION,
    BACKFILL,
    BUDGETING,
    CATALOG_CITY,
    CATALOG_DISTRICT,
    INQUIRY,
    APPRAISAL,
    SURVEY,
    EVALUATION,
    SETTLEMENT_1,
    ADJUSTMENT_1,
    SETTLEMENT_2,
    ADJUSTMENT_2,
    SETTLEMENT,
    ADJUSTMENT,
)
_VERSIONS = {(one.code, one.version): one for one in _ALL}
#: 各流程的现行版本：旧版本列在前面，后面的盖过它
PROCEDURES = {one.code: one for one in _ALL}


def procedure(code: str, version: int | None = None) -> Procedure:
    """按代号（和版本）取流程；没有抛 KeyError。"""
    return PROCEDURES[code] if version is None else _VERSIONS[code, version]
