"""晚到的判法变了：查到哪里从头记（R-052、R-083）。"""

from django.db import migrations


class Migration(migrations.Migration):
    """晚到的判法加了年度以外的日志和工单：查到哪里了从头记，重新查一遍。"""

    dependencies = [("settlement", "0026_recovery_payments")]
    operations = [
        migrations.RunSQL("DELETE FROM settlement_latescan", migrations.RunSQL.noop),
    ]
