"""专项管理费的合同，批复不足怎样处理（R-081、R-082）。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0021_budget_rows'),
    ]

    operations = [
        migrations.AddField(
            model_name='contract',
            name='fee',
            field=models.BooleanField(default=False, verbose_name='专项管理费'),
        ),
        migrations.CreateModel(
            name='Shortfall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('limit', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='照哪个金额')),
                ('kind', models.CharField(choices=[('缓付', '缓付'), ('减少', '减少')], max_length=4, verbose_name='怎样处理')),
                ('cuts', models.JSONField(verbose_name='各家少付多少')),
                ('reason', models.CharField(max_length=500, verbose_name='缘由')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁定的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shortfalls', to='cases.case', verbose_name='年度结算')),
            ],
            options={
                'verbose_name': '批复不足的处理',
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='shortfall_says_why')],
            },
        ),
    ]
