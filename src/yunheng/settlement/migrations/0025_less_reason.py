"""专项管理费的合同少签的理由（R-082）。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0024_late'),
    ]

    operations = [
        migrations.AddField(
            model_name='contract',
            name='less_reason',
            field=models.CharField(blank=True, default='', max_length=500, verbose_name='少签的理由'),
        ),
    ]
