"""裁定的起止日和撤回（R-075）。"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0004_confirmation'),
        ('settlement', '0018_read'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='handling',
            name='ruling_only_when_ruled',
        ),
        migrations.AddField(
            model_name='handling',
            name='from_on',
            field=models.DateField(null=True, verbose_name='起'),
        ),
        migrations.AddField(
            model_name='handling',
            name='until_on',
            field=models.DateField(null=True, verbose_name='止（不含）'),
        ),
        migrations.AddField(
            model_name='handling',
            name='whole',
            field=models.BooleanField(default=True, verbose_name='全年都裁定过'),
        ),
        migrations.AddConstraint(
            model_name='handling',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', '裁定'), ('ruling__in', ['认可', '不计费', '撤回'])), models.Q(models.Q(('kind', '裁定'), _negated=True), ('from_on', None), ('ruling', ''), ('until_on', None)), _connector='OR'), name='ruling_only_when_ruled'),
        ),
        migrations.AddConstraint(
            model_name='handling',
            constraint=models.CheckConstraint(condition=models.Q(('until_on__gt', models.F('from_on'))), name='ruling_covers_days'),
        ),
    ]
