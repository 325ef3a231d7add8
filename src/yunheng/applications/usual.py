"""一台主机平常不会超过的数：超过的多半是别的单位填进来的（500 GB 填在 TB 一栏），照读，要人点头。纯函数。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yunheng.rules.money import number_typed

from .sections import HOST_COLUMNS

#: 主机清单的一栏 → 照这一栏的单位，一台最多几
HOST = {"cores": 512, "memory": 4_096, "system_disk": 20, "data_disk": 20, "eip": 100, "bandwidth": 10_000}
#: 单据明细按规格记的一项 → 最多几；一台的几块数据盘记在一起
DIMENSIONS = {
    "CPU 核": HOST["cores"], "内存 GB": HOST["memory"], "系统盘 TB": HOST["system_disk"],
    "数据盘 TB": 200, "SSD TB": 200,
}  # fmt: skip
_SHOWN = {column.key: (column.label, column.unit) for column in HOST_COLUMNS}


def unlikely(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """一行主机里大得不像的各栏：（哪一栏, 一句话）。读不出数的不在这里说。"""
    for key, most in HOST.items():
        value = number_typed(row.get(key) or "")
        if value is not None and value > most:
            label, unit = _SHOWN[key]
            yield key, f"一台的{label}超过 {most:,} {unit}，像是别的单位；确是 {unit} 才照导"
