"""资源编号粗略的样子建索引：收一批、补一份都要找形近的，上百万个资源不逐个折。表达式同 `orgs.alike.ROUGHLY`。"""

from django.db import migrations

CREATE = r"""
CREATE INDEX resource_rough ON ledger_resource (
    translate(regexp_replace(lower(regexp_replace(regexp_replace(normalize("code", NFKC),
    '(.)[([【〔{][^])】〕}]*[])】〕}]?\s*$', '\1'), '([A-Za-z0-9])[^A-Za-z0-9]+$', '\1')),
    '[^a-z0-9一-鿿]+', '', 'g'), 'lio0', '11')
)
"""


class Migration(migrations.Migration):
    """建索引。"""

    dependencies = [("ledger", "0010_physical_hosts")]
    operations = [migrations.RunSQL(CREATE, "DROP INDEX resource_rough")]
