"""方案各版的绩效目标；方案的草稿和它的文件。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0008_objections'),
    ]

    operations = [
        migrations.AddField(
            model_name='plan',
            name='goals',
            field=models.JSONField(default=list, verbose_name='绩效目标'),
        ),
        migrations.CreateModel(
            name='PlanDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('problem', models.TextField(blank=True, verbose_name='没出成的原因')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁要的')),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='何时要的')),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='draft', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '方案草稿',
            },
        ),
        migrations.CreateModel(
            name='DraftFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='文件名')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('content', models.BinaryField(verbose_name='内容')),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='settlement.plandraft', verbose_name='方案草稿')),
            ],
            options={
                'verbose_name': '方案草稿的文件',
                'constraints': [models.UniqueConstraint(fields=('draft', 'name'), name='one_draft_file_per_name')],
            },
        ),
    ]
