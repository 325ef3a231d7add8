"""台账更正：作废哪条、改成哪条、理由和证据（R-051、R-075）。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0005_licence_correction'),
    ]

    operations = [
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='理由')),
                ('name', models.CharField(max_length=200, verbose_name='证据文件名')),
                ('content', models.BinaryField(verbose_name='证据')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('on', models.DateField(verbose_name='更正日')),
                ('by', models.CharField(max_length=200, verbose_name='谁更正的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('replacement', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrects', to='ledger.fact', verbose_name='改成的事实')),
                ('voided', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='correction', to='ledger.fact', verbose_name='作废的事实')),
            ],
            options={
                'verbose_name': '台账更正',
            },
        ),
    ]
