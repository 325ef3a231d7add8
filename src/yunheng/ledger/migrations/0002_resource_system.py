"""资源记下操作系统。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='resource',
            name='system',
            field=models.CharField(blank=True, max_length=200, verbose_name='操作系统'),
        ),
    ]
