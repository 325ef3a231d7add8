"""异议采纳以后的改正（R-075）。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0006_corrections'),
        ('settlement', '0013_verified'),
    ]

    operations = [
        migrations.CreateModel(
            name='Remedy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(blank=True, max_length=500, verbose_name='不需要改数据的理由')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁办的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('correction', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='remedy', to='ledger.correction', verbose_name='台账更正')),
                ('objection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='remedies', to='settlement.objection', verbose_name='异议')),
            ],
            options={
                'verbose_name': '异议的改正',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('correction__isnull', False), ('text', '')), models.Q(('correction__isnull', True), models.Q(('text', ''), _negated=True)), _connector='OR'), name='remedy_corrects_or_says_why')],
            },
        ),
    ]
