"""冻结的补差记下并进去的、方案报送以后才登记的灾备区级承担。"""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("settlement", "0032_voucher_digits")]

    operations = [
        migrations.AddField(
            model_name="freeze",
            name="recovery",
            field=models.DecimalField(decimal_places=2, default=0, max_digits=18, verbose_name="并进的灾备"),
        ),
    ]
