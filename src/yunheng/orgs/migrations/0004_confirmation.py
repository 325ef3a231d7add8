"""确认过的预览：同一次预览只能确认一次。"""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0003_commissions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=32, unique=True, verbose_name='预览的号')),
                ('purpose', models.CharField(max_length=100, verbose_name='哪件事')),
                ('by', models.CharField(max_length=200, verbose_name='谁确认的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
            ],
            options={
                'verbose_name': '确认过的预览',
            },
        ),
    ]
