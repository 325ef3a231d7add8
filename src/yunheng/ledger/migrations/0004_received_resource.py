"""收件箱按资源找的索引。"""

import django.db.models.fields.json
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_zones'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='received',
            index=models.Index(django.db.models.fields.json.KeyTextTransform('资源', 'payload'), models.F('kind'), name='received_resource'),
        ),
    ]
