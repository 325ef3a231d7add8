"""效能核定报送以前可以重新核定。"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessment', '0003_evidence'),
        ('orgs', '0003_commissions'),
        ('settlement', '0012_payments_corrected'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='verified',
            name='one_verification_each',
        ),
        migrations.RemoveConstraint(
            model_name='verified',
            name='verification_not_zero',
        ),
        migrations.AddField(
            model_name='verified',
            name='replaces',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='settlement.verified', verbose_name='替下哪一条'),
        ),
        migrations.AddConstraint(
            model_name='verified',
            constraint=models.UniqueConstraint(fields=('freeze', 'provider', 'replaces'), name='one_verification_each', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='verified',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount', 0), _negated=True), ('replaces__isnull', False), _connector='OR'), name='verification_not_zero'),
        ),
    ]
