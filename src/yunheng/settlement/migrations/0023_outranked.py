"""批次没有采用的工单，用的是哪一张（R-052、R-075）。"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0007_arrivals'),
        ('settlement', '0022_money_chain'),
    ]

    operations = [
        migrations.CreateModel(
            name='Outranked',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('received', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.received', verbose_name='没有采用的')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outranked', to='settlement.run', verbose_name='计量批次')),
                ('used', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.received', verbose_name='采用的')),
            ],
            options={
                'verbose_name': '没有采用的工单',
                'constraints': [models.UniqueConstraint(fields=('run', 'received'), name='one_outranked_per_arrival')],
            },
        ),
    ]
