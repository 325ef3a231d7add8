"""同一凭证付几份合同的合计（R-081）。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0019_ruling_days'),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='voucher_total',
            field=models.DecimalField(decimal_places=2, max_digits=18, null=True, verbose_name='同一凭证的合计'),
        ),
    ]
