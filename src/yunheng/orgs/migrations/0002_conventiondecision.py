"""口径决定。"""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConventionDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=8, verbose_name='口径')),
                ('option', models.CharField(max_length=32, verbose_name='选项')),
                ('reason', models.TextField(verbose_name='理由')),
                ('effective_on', models.DateField(verbose_name='自何日起')),
                ('decided_on', models.DateField(verbose_name='决定日')),
                ('by', models.CharField(max_length=200, verbose_name='谁决定的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
            ],
            options={
                'verbose_name': '口径决定',
            },
        ),
    ]
