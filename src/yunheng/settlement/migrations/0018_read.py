"""批次导出时读到的各表的内容摘要（R-073、R-077）。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0017_arriving'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='read',
            field=models.JSONField(default=dict, verbose_name='读到了什么'),
        ),
    ]
