"""名称、服务内容、服务标准记在各版的行里；编制中的记下从哪一版改起；协议照新的采购结果可以另签。"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

UNPROTECT = """
DROP TRIGGER IF EXISTS yunheng_append_only ON catalog_listing;
DROP TRIGGER IF EXISTS yunheng_no_truncate ON catalog_listing;
"""

#: 报送发布的各行里写的名称；装机时录入的照目录项
NAMES = """
UPDATE catalog_listing AS listing SET name = COALESCE(
    (
        SELECT draft_row ->> '名称'
        FROM catalog_edition AS edition
        JOIN catalog_editiondraft AS draft ON draft.case_id = edition.case_id,
        jsonb_array_elements(draft.rows) AS draft_row
        WHERE edition.id = self.edition_id
          AND draft_row ->> '目录项' = item.code
          AND draft_row ->> '服务商' = COALESCE(provider.code, '')
        LIMIT 1
    ),
    item.name
)
FROM catalog_listing AS self
JOIN catalog_item AS item ON item.id = self.item_id
LEFT JOIN orgs_institution AS provider ON provider.id = self.provider_id
WHERE self.id = listing.id
"""


def bases(apps: Any, _schema_editor: Any) -> None:
    """编制中的是从起草那天现行的一版照抄的。"""
    Draft, Edition = (apps.get_model("catalog", name) for name in ("EditionDraft", "Edition"))
    for draft in Draft.objects.select_related("case"):
        draft.base = (
            Edition.objects.filter(level=draft.level, effective_on__lte=draft.case.opened_on)
            .exclude(case=draft.case)
            .order_by("-effective_on", "-pk")
            .first()
        )
        draft.save(update_fields=["base"])


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0004_procurement'),
    ]

    operations = [
        migrations.AddField('listing', 'name', models.CharField(default='', max_length=200, verbose_name='名称'), preserve_default=False),
        migrations.AddField('listing', 'content', models.CharField(blank=True, default='', max_length=1000, verbose_name='服务内容')),
        migrations.AddField('listing', 'standard', models.CharField(blank=True, default='', max_length=1000, verbose_name='服务标准')),
        migrations.AddField(
            'editiondraft',
            'base',
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.edition', verbose_name='从哪一版改起'),
        ),
        migrations.RunSQL(UNPROTECT, migrations.RunSQL.noop),
        migrations.RunSQL(NAMES, migrations.RunSQL.noop),
        migrations.RunPython(bases, migrations.RunPython.noop),
        migrations.RemoveConstraint('agreement', 'one_agreement_a_year'),
        migrations.AddConstraint('agreement', models.UniqueConstraint(fields=('provider', 'service_year', 'edition'), name='one_agreement_an_edition')),
    ]
