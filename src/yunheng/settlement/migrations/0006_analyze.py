"""账目表：看账挑得对索引。"""

import django.db.models.deletion
from django.db import migrations, models

#: 应用角色不是表的属主，不能 ANALYZE；借属主的身份只做这一件
CREATE = """
CREATE FUNCTION settlement_analyze_lines() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    ANALYZE settlement_billline;
END $$
"""

class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0005_money'),
    ]

    operations = [
        migrations.AlterField(
            model_name='billline',
            name='run',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='settlement.run', verbose_name='计量批次'),
        ),
        migrations.AlterField(
            model_name='waivedline',
            name='run',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='waived', to='settlement.run', verbose_name='计量批次'),
        ),
        migrations.RunSQL(CREATE, "DROP FUNCTION settlement_analyze_lines()"),
    ]
