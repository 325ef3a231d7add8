"""结算的各张表。"""

from .arriving import Contested, LogGap, Noticed, Outranked, PathChoice, Uncounted
from .digits import Digits, digits_of
from .disputes import Difference, Handling, HandlingFile, Objection, ObjectionReply, Remedy, spans_of
from .late import Late, LateEstimate, LateScan
from .lines import BillLine, BillSum, Line, Moved, WaivedLine
from .plans import DraftFile, PaperFile, Plan, PlanDraft, PlanFile
from .runs import ADJUST, ESTIMATE, ROLLING, YEARLY, Forecast, Recomputation, Run, RunFile, RunOrder, Submission
from .sharing import Handover, RecoveryAsset, RecoveryCost, RecoveryShare, ServiceFeedback
from .years import (
    Budget,
    Contract,
    ContractVoid,
    Freeze,
    Payment,
    RecoveryPayment,
    Shortfall,
    Verified,
    YearCase,
)

__all__ = [
    "ADJUST",
    "ESTIMATE",
    "ROLLING",
    "YEARLY",
    "BillLine",
    "BillSum",
    "Budget",
    "Contested",
    "Contract",
    "ContractVoid",
    "Difference",
    "Digits",
    "DraftFile",
    "Forecast",
    "Freeze",
    "Handling",
    "HandlingFile",
    "Handover",
    "Late",
    "LateEstimate",
    "LateScan",
    "Line",
    "LogGap",
    "Moved",
    "Noticed",
    "Objection",
    "ObjectionReply",
    "Outranked",
    "PaperFile",
    "PathChoice",
    "Payment",
    "Plan",
    "PlanDraft",
    "PlanFile",
    "Recomputation",
    "RecoveryAsset",
    "RecoveryCost",
    "RecoveryPayment",
    "RecoveryShare",
    "Remedy",
    "Run",
    "RunFile",
    "RunOrder",
    "ServiceFeedback",
    "Shortfall",
    "Submission",
    "Uncounted",
    "Verified",
    "WaivedLine",
    "YearCase",
    "digits_of",
    "spans_of",
]
