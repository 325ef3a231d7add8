"""草稿记下最近一次导入以前的各栏，可以整批撤销。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0004_backfill'),
    ]

    operations = [
        migrations.AddField(
            model_name='draft',
            name='before_import',
            field=models.JSONField(null=True, verbose_name='导入以前'),
        ),
    ]
