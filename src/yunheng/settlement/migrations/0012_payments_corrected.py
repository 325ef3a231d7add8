"""付错的、退票的冲回，登记错的合同作废重登。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0003_commissions'),
        ('settlement', '0011_restarts'),
    ]

    operations = [
        migrations.CreateModel(
            name='ContractVoid',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='缘由')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁作废的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
            ],
            options={
                'verbose_name': '作废的合同',
            },
        ),
        migrations.RemoveConstraint(
            model_name='contract',
            name='one_contract_per_payer',
        ),
        migrations.AddField(
            model_name='contract',
            name='replaces',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='settlement.contract', verbose_name='替下哪一份作废的'),
        ),
        migrations.AddField(
            model_name='payment',
            name='reason',
            field=models.CharField(blank=True, max_length=500, verbose_name='冲回的缘由'),
        ),
        migrations.AddField(
            model_name='payment',
            name='reverses',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='settlement.payment', verbose_name='冲回哪一笔'),
        ),
        migrations.AlterField(
            model_name='contract',
            name='number',
            field=models.CharField(db_index=True, max_length=80, verbose_name='合同号'),
        ),
        migrations.AddConstraint(
            model_name='contract',
            constraint=models.UniqueConstraint(fields=('freeze', 'provider', 'unit', 'replaces'), name='one_contract_per_payer', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('reverses', None)), models.Q(('reverses__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='reversal_has_reason'),
        ),
        migrations.AddField(
            model_name='contractvoid',
            name='contract',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='voided', to='settlement.contract', verbose_name='合同'),
        ),
    ]
