"""补差：冻结、结算事项一年可以不止一份，收回的支付为负。"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_reminders'),
        ('settlement', '0002_lines_complete'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_positive',
        ),
        migrations.AddField(
            model_name='freeze',
            name='base',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrected_by', to='settlement.freeze', verbose_name='减去哪一份'),
        ),
        migrations.AddField(
            model_name='freeze',
            name='number',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='第几次补差'),
        ),
        migrations.AddField(
            model_name='yearcase',
            name='number',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='第几次补差'),
        ),
        migrations.AlterField(
            model_name='freeze',
            name='service_year',
            field=models.PositiveSmallIntegerField(verbose_name='服务年度'),
        ),
        migrations.AlterField(
            model_name='run',
            name='kind',
            field=models.CharField(choices=[('滚动', '滚动'), ('年度', '年度'), ('补差', '补差')], max_length=4, verbose_name='种类'),
        ),
        migrations.AlterField(
            model_name='yearcase',
            name='service_year',
            field=models.PositiveSmallIntegerField(verbose_name='服务年度'),
        ),
        migrations.AddConstraint(
            model_name='freeze',
            constraint=models.UniqueConstraint(fields=('service_year', 'number'), name='one_freeze_per_number'),
        ),
        migrations.AddConstraint(
            model_name='freeze',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('base', None), ('number', 0)), models.Q(('base__isnull', False), ('number__gt', 0)), _connector='OR'), name='adjusts'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='payment_not_zero'),
        ),
        migrations.AddConstraint(
            model_name='yearcase',
            constraint=models.UniqueConstraint(fields=('service_year', 'number'), name='one_case_per_number'),
        ),
    ]
