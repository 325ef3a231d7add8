"""从一个资源找它的工单、日志。"""

import django.db.models.fields.json
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_zones'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='received',
            index=models.Index(django.db.models.fields.json.KeyTextTransform('资源', 'payload'), condition=models.Q(('kind__in', ['工单', '日志'])), name='received_of_resource'),
        ),
    ]
