"""整改要求和经过。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0003_consultations'),
        ('orgs', '0002_conventiondecision'),
    ]

    operations = [
        migrations.CreateModel(
            name='Requirement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=1000, verbose_name='要求')),
                ('due_on', models.DateField(verbose_name='期限')),
                ('closer', models.CharField(max_length=32, verbose_name='谁销号')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁提的')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requirements', to='cases.case', verbose_name='所涉事项')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='谁整改')),
            ],
            options={
                'verbose_name': '整改要求',
            },
        ),
        migrations.CreateModel(
            name='Progress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('回报', '回报'), ('销号', '销号'), ('退回', '退回')], max_length=4, verbose_name='做了什么')),
                ('text', models.CharField(max_length=1000, verbose_name='说明')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('requirement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='cases.requirement', verbose_name='整改要求')),
            ],
            options={
                'verbose_name': '整改经过',
            },
        ),
    ]
