"""差异的说明、裁定可附证据。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0006_analyze'),
    ]

    operations = [
        migrations.AddField(
            model_name='handling',
            name='content',
            field=models.BinaryField(null=True, verbose_name='证据'),
        ),
        migrations.AddField(
            model_name='handling',
            name='digest',
            field=models.CharField(blank=True, max_length=64, verbose_name='SM3'),
        ),
        migrations.AddField(
            model_name='handling',
            name='name',
            field=models.CharField(blank=True, max_length=200, verbose_name='证据文件名'),
        ),
    ]
