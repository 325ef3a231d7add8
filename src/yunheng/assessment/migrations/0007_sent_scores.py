"""送服务商确认时的分，一次一条（R-093）。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessment', '0006_wording'),
    ]

    operations = [
        migrations.CreateModel(
            name='SentScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField(verbose_name='评分')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('on', models.DateField(verbose_name='送出日')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('appraisal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sendings', to='assessment.appraisal', verbose_name='考核')),
            ],
            options={
                'verbose_name': '送确认的评分',
            },
        ),
    ]
