"""编制中的目录记下最近一次导入以前的各行，可以整批撤销。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0005_texts'),
    ]

    operations = [
        migrations.AddField(
            model_name='editiondraft',
            name='before_import',
            field=models.JSONField(null=True, verbose_name='导入以前'),
        ),
    ]
