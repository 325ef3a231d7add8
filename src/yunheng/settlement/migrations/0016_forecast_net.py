"""预测只比统一支付的净额，自行支付、待核另存（R-087）。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0015_recovery_corrected'),
    ]

    operations = [
        migrations.AddField(
            model_name='forecast',
            name='held',
            field=models.DecimalField(decimal_places=2, max_digits=18, null=True, verbose_name='待核到年末'),
        ),
        migrations.AddField(
            model_name='forecast',
            name='own',
            field=models.DecimalField(decimal_places=2, max_digits=18, null=True, verbose_name='自行支付到年末'),
        ),
    ]
