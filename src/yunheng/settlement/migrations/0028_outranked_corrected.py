"""没有采用的工单：台账更正过那个动作的，写明照哪一次更正（R-052、R-075）。"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("ledger", "0008_source_keys"),
        ("settlement", "0027_scan_again"),
    ]

    operations = [
        migrations.AddField(
            model_name='outranked',
            name='correction',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.correction', verbose_name='照哪一次台账更正'),
        ),
        migrations.AlterField(
            model_name='outranked',
            name='used',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.received', verbose_name='采用的'),
        ),
        migrations.AddConstraint(
            model_name='outranked',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('correction__isnull', False), ('used', None)), models.Q(('correction', None), ('used__isnull', False)), _connector='OR'), name='outranked_by_one_thing'),
        ),
    ]
