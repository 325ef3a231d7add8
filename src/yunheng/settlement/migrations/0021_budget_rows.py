"""方案里的灾备区级承担（R-085）；从前的各版没有列，是 0。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0020_vouchers'),
    ]

    operations = [
        migrations.AddField(
            model_name='plan',
            name='recovery',
            field=models.DecimalField(decimal_places=2, default=0, max_digits=18, verbose_name='灾备区级承担'),
        ),
    ]
