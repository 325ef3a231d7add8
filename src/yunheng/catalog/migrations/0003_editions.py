"""整本目录的各版；价格版本改由各版折出，以前录入的价格折成各版。"""

from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


UNPROTECT = """
DROP TRIGGER IF EXISTS yunheng_append_only ON catalog_price;
DROP TRIGGER IF EXISTS yunheng_no_truncate ON catalog_price;
"""


def from_prices(apps: Any, _schema_editor: Any) -> None:
    """照以前的价格版本的起止日，一版一版录入。"""
    Price, Edition, Listing = (apps.get_model("catalog", name) for name in ("Price", "Edition", "Listing"))
    for level in ("市级", "区级"):
        prices = list(Price.objects.filter(item__level=level))
        days = {day for one in prices for day in (one.during.lower, one.during.upper) if day}
        for day in sorted(days):
            edition = Edition.objects.create(
                number=f"{level}-{day}", level=level, effective_on=day, basis="升级前录入的价格", digest="", on=day, by="系统"
            )
            Listing.objects.bulk_create(
                Listing(edition=edition, item=one.item, provider=one.provider, unit_price=one.unit_price)
                for one in prices
                if day in one.during
            )


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_reminders'),
        ('catalog', '0002_cityusage_tier'),
        ('orgs', '0002_conventiondecision'),
    ]

    operations = [
        migrations.CreateModel(
            name='Edition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=40, unique=True, verbose_name='版次')),
                ('level', models.CharField(choices=[('市级', '市级'), ('区级', '区级')], max_length=10, verbose_name='级别')),
                ('effective_on', models.DateField(verbose_name='生效日')),
                ('basis', models.CharField(max_length=300, verbose_name='依据')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('on', models.DateField(verbose_name='发布日')),
                ('by', models.CharField(max_length=200, verbose_name='谁发布的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('case', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='edition', to='cases.case', verbose_name='发布的事项')),
            ],
            options={
                'verbose_name': '目录版本',
            },
        ),
        migrations.CreateModel(
            name='EditionDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(max_length=10, verbose_name='级别')),
                ('effective_on', models.DateField(null=True, verbose_name='生效日')),
                ('basis', models.CharField(blank=True, max_length=300, verbose_name='依据')),
                ('rows', models.JSONField(default=list, verbose_name='各行')),
                ('version', models.PositiveIntegerField(default=0, verbose_name='版本')),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='edition_draft', to='cases.case', verbose_name='事项')),
            ],
            options={
                'verbose_name': '编制中的目录',
            },
        ),
        migrations.CreateModel(
            name='Listing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit_price', models.DecimalField(decimal_places=6, max_digits=15, null=True, verbose_name='单价')),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='listings', to='catalog.edition', verbose_name='目录版本')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.item', verbose_name='目录项')),
                ('provider', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='服务商')),
            ],
            options={
                'verbose_name': '目录的一行',
            },
        ),
        migrations.AddIndex(
            model_name='edition',
            index=models.Index(fields=['level', 'effective_on'], name='catalog_edi_level_e966b1_idx'),
        ),
        migrations.AddConstraint(
            model_name='listing',
            constraint=models.UniqueConstraint(fields=('edition', 'item', 'provider'), name='listed_once_per_edition', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='listing',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price__isnull', True), ('unit_price__gte', 0), _connector='OR'), name='listed_price_not_negative'),
        ),
        migrations.RunSQL(UNPROTECT, migrations.RunSQL.noop),
        migrations.RunPython(from_prices, migrations.RunPython.noop),
    ]
