"""历史补录：一份原件整批补一次（R-084）。"""

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0003_budgets'),
    ]

    operations = [
        migrations.CreateModel(
            name='Backfill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='理由')),
                ('workbook', models.CharField(max_length=200, verbose_name='工作簿')),
                ('name', models.CharField(max_length=200, verbose_name='原件文件名')),
                ('content', models.BinaryField(verbose_name='原件')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('numbers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None, verbose_name='单号')),
                ('counts', models.JSONField(verbose_name='各种几条')),
                ('adjusts', models.BooleanField(verbose_name='由补差结清')),
                ('on', models.DateField(verbose_name='补录日')),
                ('by', models.CharField(max_length=200, verbose_name='谁补录的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
            ],
            options={
                'verbose_name': '历史补录',
            },
        ),
    ]
