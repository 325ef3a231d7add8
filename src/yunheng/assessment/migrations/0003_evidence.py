"""考核事件的证据、责任、来源编号。"""


import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessment', '0002_surveys'),
        ('cases', '0004_rectifications'),
        ('orgs', '0002_conventiondecision'),
    ]

    operations = [
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='文件名')),
                ('content', models.BinaryField(verbose_name='证据')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁附的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
            ],
            options={
                'verbose_name': '考核证据',
            },
        ),
        migrations.AddField(
            model_name='occurrence',
            name='reference',
            field=models.CharField(blank=True, default='', max_length=60, verbose_name='来源编号'),
        ),
        migrations.AddField(
            model_name='occurrence',
            name='responsibility',
            field=models.CharField(blank=True, choices=[('全部责任', '全部责任'), ('主要责任', '主要责任'), ('次要责任', '次要责任'), ('无责任', '无责任')], default='', max_length=4, verbose_name='责任'),
        ),
        migrations.AddConstraint(
            model_name='occurrence',
            constraint=models.CheckConstraint(condition=models.Q(('responsibility__in', ('', '全部责任', '主要责任', '次要责任', '无责任'))), name='occurrence_responsibility'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='occurrence',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='assessment.occurrence', verbose_name='事件'),
        ),
    ]
