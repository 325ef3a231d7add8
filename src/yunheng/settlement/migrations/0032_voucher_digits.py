"""凭证号照号里的数字建索引，查重不必把全部凭证读出来；汇交存时刻，以前的几次没有（R-021、R-081）。"""

import django.db.models.functions.datetime
from django.db import migrations, models

import yunheng.settlement.models.digits


class Migration(migrations.Migration):

    dependencies = [
        ("settlement", "0031_log_gaps"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(yunheng.settlement.models.digits.Digits("voucher"), name="payment_voucher_digits"),
        ),
        # 先加空的，再给默认：以前的几次不当作现在汇交的
        migrations.AddField(
            model_name="handover",
            name="recorded_at",
            field=models.DateTimeField(null=True, verbose_name="入库时刻"),
        ),
        migrations.AlterField(
            model_name="handover",
            name="recorded_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True, verbose_name="入库时刻"),
        ),
    ]
