"""官方附件5 的原文，一版一条（D62-附件5，R-091）。"""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessment', '0005_satisfaction_file'),
    ]

    operations = [
        migrations.CreateModel(
            name='Wording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(unique=True, verbose_name='版本')),
                ('effective_on', models.DateField(verbose_name='生效日')),
                ('basis', models.CharField(max_length=100, verbose_name='文号')),
                ('rows', models.JSONField(verbose_name='各项')),
                ('closing', models.JSONField(verbose_name='末段')),
                ('name', models.CharField(max_length=200, verbose_name='文件名')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁录入的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
            ],
            options={
                'verbose_name': '附件5 原文',
            },
        ),
    ]
