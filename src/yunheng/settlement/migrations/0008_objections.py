"""异议和答复。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0002_conventiondecision'),
        ('settlement', '0007_evidence'),
    ]

    operations = [
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(max_length=64, verbose_name='单位')),
                ('project', models.CharField(max_length=64, verbose_name='项目')),
                ('resource', models.CharField(max_length=128, verbose_name='资源')),
                ('item', models.CharField(max_length=64, verbose_name='目录项')),
                ('provider', models.CharField(max_length=64, verbose_name='服务商')),
                ('day_on', models.DateField(null=True, verbose_name='哪天')),
                ('text', models.CharField(max_length=1000, verbose_name='异议')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='证据文件名')),
                ('content', models.BinaryField(null=True, verbose_name='证据')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='SM3')),
                ('role', models.CharField(max_length=32, verbose_name='提出的角色')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁提的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='提出的机构')),
                ('line', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='settlement.billline', verbose_name='账目')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '异议',
            },
        ),
        migrations.CreateModel(
            name='ObjectionReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('采纳', '采纳'), ('不采纳', '不采纳'), ('撤回', '撤回')], max_length=4, verbose_name='结果')),
                ('text', models.CharField(max_length=1000, verbose_name='答复')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='依据文件名')),
                ('content', models.BinaryField(null=True, verbose_name='依据')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='SM3')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁答复的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('objection', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='reply', to='settlement.objection', verbose_name='异议')),
            ],
            options={
                'verbose_name': '异议的答复',
            },
        ),
        migrations.AddIndex(
            model_name='objection',
            index=models.Index(fields=['resource', 'item'], name='settlement__resourc_2fefe3_idx'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(('line__isnull', False), ('day_on__isnull', False), _connector='OR'), name='objection_is_to_something'),
        ),
    ]
