"""撤回了的年度结算、补差可以重起：新的指着旧的。"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0005_notices_without_case'),
        ('settlement', '0010_differences'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='yearcase',
            name='one_case_per_number',
        ),
        migrations.AddField(
            model_name='yearcase',
            name='restarts',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='restarted_by', to='settlement.yearcase', verbose_name='重起哪一件撤回的'),
        ),
        migrations.AddConstraint(
            model_name='yearcase',
            constraint=models.UniqueConstraint(fields=('service_year', 'number', 'restarts'), name='one_case_per_number', nulls_distinct=False),
        ),
    ]
