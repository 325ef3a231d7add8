"""不宜上云的例外。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0001_initial'),
        ('orgs', '0002_conventiondecision'),
    ]

    operations = [
        migrations.CreateModel(
            name='Exemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('system', models.CharField(max_length=200, verbose_name='系统')),
                ('basis', models.CharField(max_length=300, verbose_name='法律法规依据')),
                ('note', models.TextField(blank=True, verbose_name='说明')),
                ('revoked', models.BooleanField(default=False, verbose_name='撤销')),
                ('on', models.DateField(verbose_name='登记日')),
                ('by', models.CharField(max_length=200, verbose_name='谁登记的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exemptions', to='orgs.institution', verbose_name='单位')),
            ],
            options={
                'verbose_name': '不宜上云的例外',
            },
        ),
    ]
