"""收件的更正、来源走哪条路、对不上的收件和处理（R-052、R-075）。"""

from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


def channels(apps: Any, _schema: Any) -> None:
    """老的来源照名字认：以前文件、补录、回执的来源都叫“服务商代码-哪条路”。"""
    for source in apps.get_model("ledger", "Source").objects.all():
        last = source.code.rpartition("-")[2]
        if last in ("文件", "补录", "回执"):
            source.channel = last
            source.save(update_fields=["channel"])


class Migration(migrations.Migration):

    dependencies = [
        ("ledger", "0006_corrections"),
    ]

    operations = [
        migrations.AddField(
            model_name='received',
            name='corrects',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrected_by', to='ledger.received', verbose_name='更正哪一件'),
        ),
        migrations.AddField(
            model_name='source',
            name='channel',
            field=models.CharField(choices=[('接口', '接口'), ('文件', '文件'), ('补录', '补录'), ('回执', '回执')], db_default='接口', default='接口', max_length=4, verbose_name='哪条路'),
        ),
        migrations.CreateModel(
            name='Disposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('认给', '认给'), ('退回', '退回'), ('作废', '作废'), ('暂留', '暂留')], max_length=4, verbose_name='怎样处理')),
                ('reason', models.CharField(max_length=500, verbose_name='理由')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁处理的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('received', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disposals', to='ledger.received', verbose_name='收件')),
                ('replacement', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='made_by', to='ledger.received', verbose_name='认给以后的收件')),
            ],
            options={
                'verbose_name': '收件的处理',
            },
        ),
        migrations.CreateModel(
            name='Unmatched',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='列入时刻')),
                ('received', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='unmatched', to='ledger.received', verbose_name='收件')),
            ],
            options={
                'verbose_name': '对不上的收件',
            },
        ),
        migrations.RunPython(channels, migrations.RunPython.noop),
    ]
