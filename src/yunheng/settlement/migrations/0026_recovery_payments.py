"""灾备区级承担的拨付（M10-五，R-085）。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0025_less_reason'),
    ]

    operations = [
        migrations.CreateModel(
            name='RecoveryPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='金额')),
                ('paid_on', models.DateField(verbose_name='拨付日')),
                ('payee', models.CharField(blank=True, max_length=200, verbose_name='付给谁')),
                ('voucher', models.CharField(blank=True, max_length=80, verbose_name='凭证号')),
                ('elsewhere', models.CharField(blank=True, max_length=200, verbose_name='由谁另付')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='理由')),
                ('by', models.CharField(max_length=200, verbose_name='谁登记的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('freeze', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recovery_payments', to='settlement.freeze', verbose_name='结算')),
                ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='settlement.recoverypayment', verbose_name='冲回哪一笔')),
            ],
            options={
                'verbose_name': '灾备拨付',
                'constraints': [models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='recovery_payment_not_zero'), models.CheckConstraint(condition=models.Q(models.Q(('elsewhere', ''), ('voucher__gt', '')), models.Q(models.Q(('elsewhere', ''), _negated=True), ('voucher', '')), _connector='OR'), name='recovery_payment_by_voucher_or_elsewhere'), models.CheckConstraint(condition=models.Q(models.Q(('elsewhere', ''), ('reverses', None)), models.Q(('reason', ''), _negated=True), _connector='OR'), name='recovery_payment_says_why')],
            },
        ),
    ]
