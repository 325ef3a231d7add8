"""联合会商；知会点开到哪里。"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_reminders'),
        ('orgs', '0002_conventiondecision'),
    ]

    operations = [
        migrations.AddField(
            model_name='notice',
            name='href',
            field=models.CharField(blank=True, default='', max_length=100, verbose_name='点开到哪里'),
        ),
        migrations.CreateModel(
            name='Consultation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(max_length=200, verbose_name='议题')),
                ('departments', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), size=None, verbose_name='参加部门')),
                ('reason', models.CharField(max_length=1000, verbose_name='提请的缘由')),
                ('on', models.DateField(verbose_name='提请日')),
                ('by', models.CharField(max_length=200, verbose_name='谁提的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consultations', to='cases.case', verbose_name='所涉事项')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='提请单位')),
            ],
            options={
                'verbose_name': '会商',
            },
        ),
        migrations.CreateModel(
            name='Minutes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('held_on', models.DateField(verbose_name='会商日')),
                ('text', models.TextField(verbose_name='纪要')),
                ('conclusion', models.CharField(max_length=1000, verbose_name='结论')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁记的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('attachment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.attachment', verbose_name='纪要文件')),
                ('consultation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='minutes', to='cases.consultation', verbose_name='会商')),
            ],
            options={
                'verbose_name': '会商纪要',
            },
        ),
    ]
