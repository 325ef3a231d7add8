"""台账事实按入库时刻找：冻结以后又记的（R-083）。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0005_notices_without_case"),
        ("catalog", "0006_import_undo"),
        ("ledger", "0008_source_keys"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(fields=["recorded_at"], name="ledger_fact_recorde_32f719_idx"),
        ),
    ]
