"""差异从批次的 `head` 里另存一张表，各种几条记在批次上；一批差异附同一份证据的，证据只存一份。

只是搬地方，内容不变；搬的时候要改只追加的表，由属主暂停触发器。
"""

import django.db.models.deletion
from django.db import migrations, models


MOVE = """
ALTER TABLE settlement_run DISABLE TRIGGER USER;
ALTER TABLE settlement_handling DISABLE TRIGGER USER;

INSERT INTO settlement_difference
    (run_id, seq, code, resource, item, form, "order", blocking, ruling, note)
SELECT r.id, e.seq, e.entry->>'code', coalesce(e.entry->>'resource', ''), coalesce(e.entry->>'item', ''),
    coalesce(e.entry->>'form', ''), coalesce(e.entry->>'order', ''), (e.entry->>'blocking')::boolean,
    coalesce(e.entry->>'ruling', ''), e.entry->>'note'
FROM settlement_run r CROSS JOIN LATERAL jsonb_array_elements(r.head->'differences') WITH ORDINALITY AS e(entry, seq)
WHERE r.base_id IS NULL OR EXISTS (
    SELECT FROM settlement_moved m
    WHERE m.run_id = r.id AND m.resource = e.entry->>'resource' AND m.item = e.entry->>'item'
);

UPDATE settlement_run r SET head = r.head - 'differences', differences = coalesce((
    SELECT jsonb_object_agg(c.code, c.number)
    FROM (
        SELECT e.entry->>'code' AS code, count(*) AS number
        FROM jsonb_array_elements(r.head->'differences') AS e(entry) GROUP BY 1
    ) c
), '{}');

INSERT INTO settlement_handlingfile (name, content, digest)
SELECT DISTINCT ON (name, digest) name, content, digest FROM settlement_handling WHERE content IS NOT NULL;

UPDATE settlement_handling h SET file_id = f.id FROM settlement_handlingfile f
WHERE h.content IS NOT NULL AND f.name = h.name AND f.digest = h.digest;

SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE settlement_run ENABLE TRIGGER USER;
ALTER TABLE settlement_handling ENABLE TRIGGER USER;
"""
ANALYZE_LINES = """
CREATE OR REPLACE FUNCTION settlement_analyze_lines() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    ANALYZE settlement_billline;
END $$
"""
ANALYZE = ANALYZE_LINES.replace("settlement_billline;", "settlement_billline, settlement_difference;")


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0009_drafts'),
    ]

    operations = [
        migrations.CreateModel(
            name='HandlingFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='文件名')),
                ('content', models.BinaryField(verbose_name='内容')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
            ],
            options={
                'verbose_name': '差异的证据',
            },
        ),
        migrations.AddField(
            model_name='run',
            name='differences',
            field=models.JSONField(default=dict, verbose_name='各种差异的条数'),
        ),
        migrations.AddField(
            model_name='handling',
            name='file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.handlingfile', verbose_name='证据'),
        ),
        migrations.CreateModel(
            name='Difference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveIntegerField(verbose_name='次序')),
                ('code', models.CharField(max_length=4, verbose_name='差异')),
                ('resource', models.TextField(blank=True, verbose_name='资源')),
                ('item', models.TextField(blank=True, verbose_name='目录项')),
                ('form', models.TextField(blank=True, verbose_name='单号')),
                ('order', models.TextField(blank=True, verbose_name='工单号')),
                ('blocking', models.BooleanField(verbose_name='阻断')),
                ('ruling', models.CharField(blank=True, max_length=4, verbose_name='裁定')),
                ('note', models.TextField(verbose_name='说明')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '差异',
                'indexes': [models.Index(fields=['run', 'resource', 'item', 'code'], name='difference_of_timeline'), models.Index(fields=['run', 'code', 'seq'], name='difference_of_code')],
                'constraints': [models.UniqueConstraint(fields=('run', 'seq'), name='one_difference_per_seq')],
            },
        ),
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
        migrations.RemoveField(
            model_name='handling',
            name='content',
        ),
        migrations.RemoveField(
            model_name='handling',
            name='digest',
        ),
        migrations.RemoveField(
            model_name='handling',
            name='name',
        ),
        migrations.RunSQL(ANALYZE, ANALYZE_LINES),
    ]
