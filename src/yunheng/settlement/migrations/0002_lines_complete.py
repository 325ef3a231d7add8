"""账目齐了的批次不许再添：改不了、删不了之外，也多不出一条。"""

from django.db import migrations

CREATE = """
CREATE FUNCTION settlement_lines_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    full_run bigint;
BEGIN
    SELECT r.id INTO full_run
    FROM (SELECT run_id, disputed FROM fresh GROUP BY run_id, disputed) AS f
    JOIN settlement_run AS r ON r.id = f.run_id
    WHERE (SELECT count(*) FROM settlement_billline AS b WHERE b.run_id = f.run_id AND b.disputed = f.disputed)
        > CASE WHEN f.disputed THEN r.disputed_count ELSE r.line_count END
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '批次 % 的账目已经齐了，不能再添', full_run USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER settlement_lines_complete AFTER INSERT ON settlement_billline
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION settlement_lines_complete();
"""
DROP = """
DROP TRIGGER settlement_lines_complete ON settlement_billline;
DROP FUNCTION settlement_lines_complete();
"""


class Migration(migrations.Migration):
    """装触发器。"""

    dependencies = [("settlement", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
