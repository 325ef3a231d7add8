"""汇交以后数据又变了的，同一段再汇交一次，指着更正哪一次（R-021）。"""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("settlement", "0029_forecast_behind"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="handover",
            name="one_handover_per_period",
        ),
        migrations.AddField(
            model_name="handover",
            name="replaces",
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="replaced_by", to="settlement.handover", verbose_name="更正哪一次"),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.UniqueConstraint(fields=("from_on", "until_on", "replaces"), name="one_handover_per_period", nulls_distinct=False),
        ),
    ]
