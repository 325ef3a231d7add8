"""灾备费用可以更正（R-085）。"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0014_remedies'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='recoverycost',
            name='one_recovery_cost_a_year',
        ),
        migrations.AddField(
            model_name='recoverycost',
            name='reason',
            field=models.CharField(blank=True, max_length=200, verbose_name='更正的理由'),
        ),
        migrations.AddField(
            model_name='recoverycost',
            name='replaces',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='settlement.recoverycost', verbose_name='更正哪一条'),
        ),
        migrations.AddConstraint(
            model_name='recoverycost',
            constraint=models.UniqueConstraint(condition=models.Q(('replaces', None)), fields=('code', 'service_year'), name='one_recovery_cost_a_year'),
        ),
        migrations.AddConstraint(
            model_name='recoverycost',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('replaces', None)), models.Q(('replaces__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='recovery_correction_says_why'),
        ),
    ]
