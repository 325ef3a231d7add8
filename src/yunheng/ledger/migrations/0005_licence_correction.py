"""授权期限的更正写明理由。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_received_of_resource'),
    ]

    operations = [
        migrations.AddField(
            model_name='licence',
            name='correction',
            field=models.CharField(blank=True, default='', max_length=200, verbose_name='更正理由'),
        ),
    ]
