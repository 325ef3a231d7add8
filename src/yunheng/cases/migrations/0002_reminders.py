"""提醒和外发。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Outgoing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=10, verbose_name='渠道')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='送成时刻')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='试了几次')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='没送成的原因')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outgoing', to='cases.notice', verbose_name='知会')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='送给')),
            ],
            options={
                'verbose_name': '外发',
                'indexes': [models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['id'], name='outgoing_waiting')],
                'constraints': [models.UniqueConstraint(fields=('notice', 'person', 'channel'), name='send_once')],
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.CharField(max_length=80, verbose_name='哪一回')),
                ('on', models.DateField(verbose_name='业务日')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='cases.case', verbose_name='事项')),
            ],
            options={
                'verbose_name': '提醒',
                'constraints': [models.UniqueConstraint(fields=('case', 'mark'), name='remind_once')],
            },
        ),
    ]
