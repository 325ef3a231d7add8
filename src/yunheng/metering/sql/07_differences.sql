-- 第 7 步 差异：申请单据、平台工单、平台日志三方比对（R-075），只看与期内相交的。
-- 每条差异先记序号：timeline_no（资源和目录项）或 resource_no，form_no，order_no；expected、actual 供人看。

CREATE TABLE live AS
SELECT g.*, g.timeline_no // 1048576 AS resource_no, i.logged,
  g.start < run.period_until AND g.until > run.period_start AS current_period, g.start < run.period_until AS known
FROM segments AS g CROSS JOIN run JOIN items AS i ON i.item_no = g.timeline_no % 1048576;

-- D5~D7 要报的（资源, 目录项）：有日志、与期内相交
CREATE TABLE watched AS SELECT DISTINCT resource_no, timeline_no FROM live WHERE logged AND current_period;

CREATE TABLE first_added AS
SELECT a.timeline_no // 1048576 AS resource_no, min(a.effective) AS added
FROM applied AS a JOIN items AS i ON i.item_no = a.timeline_no % 1048576 AND i.logged
WHERE a.action = 1 GROUP BY 1;

-- 停止日：有日志的各目录项停止日之最晚者；期末以后的动作不看，期末仍在用的记期末次日
CREATE TABLE stopped AS
SELECT l.resource_no, least(max(l.until), max(run.period_until)) AS stop, max(l.until) < max(run.period_until) AS released
FROM live AS l CROSS JOIN run WHERE l.logged AND l.known GROUP BY l.resource_no;

CREATE TABLE found AS
SELECT 1 AS code, a.timeline_no, a.timeline_no // 1048576 AS resource_no, a.form_no, CAST(NULL AS BIGINT) AS order_no,
  CAST(a.reviewed AS VARCHAR) AS expected, CAST(NULL AS VARCHAR) AS actual
FROM actions AS a CROSS JOIN run
WHERE a.action > 0 AND a.order_no IS NULL AND a.reviewed >= run.period_start AND a.reviewed < run.period_until
UNION ALL
SELECT 2, o.timeline_no, NULL, o.form_no, o.order_no, NULL, CAST(o.done AS VARCHAR)
FROM orders AS o CROSS JOIN run
ANTI JOIN claims AS c ON c.timeline_no = o.timeline_no AND c.form_no = o.form_no AND c.action = o.action
WHERE o.done >= run.period_start AND o.done < run.period_until
UNION ALL
SELECT 3, timeline_no, resource_no, form_no, order_no, CAST(quantity AS VARCHAR), CAST(ordered_quantity AS VARCHAR)
FROM live WHERE current_period AND ordered_quantity <> quantity
UNION ALL
SELECT 4, timeline_no, resource_no, form_no, order_no, CAST(reviewed AS VARCHAR), CAST(done AS VARCHAR)
FROM live WHERE current_period AND done < reviewed
UNION ALL
SELECT 5, w.timeline_no, w.resource_no, NULL, NULL, NULL, NULL
FROM watched AS w ANTI JOIN logs AS g ON g.resource_no = w.resource_no
UNION ALL
SELECT 6, w.timeline_no, w.resource_no, NULL, NULL, CAST(a.added AS VARCHAR), CAST(g.first_seen AS VARCHAR)
FROM watched AS w CROSS JOIN run
JOIN first_added AS a ON a.resource_no = w.resource_no
JOIN logs AS g ON g.resource_no = w.resource_no
WHERE a.added >= run.period_start AND a.added < run.period_until AND abs(date_diff('day', a.added, g.first_seen)) > run.tolerance
UNION ALL
SELECT 7, w.timeline_no, w.resource_no, NULL, NULL, CAST(CAST(s.stop - 1 AS DATE) AS VARCHAR), CAST(g.last_seen AS VARCHAR)
FROM watched AS w
CROSS JOIN run
JOIN stopped AS s ON s.resource_no = w.resource_no
JOIN logs AS g ON g.resource_no = w.resource_no
WHERE date_diff('day', g.last_seen, s.stop) > run.tolerance + 1
UNION ALL
SELECT 8, NULL, s.resource_no, NULL, NULL, CAST(k.deadline AS VARCHAR), CAST(g.last_seen AS VARCHAR)
FROM stopped AS s
JOIN clearance AS k ON k.stop = s.stop
JOIN logs AS g ON g.resource_no = s.resource_no
WHERE s.released AND g.last_seen > k.deadline
UNION ALL
SELECT 9, u.timeline_no, u.timeline_no // 1048576, NULL, NULL, NULL, CAST(count(*) AS VARCHAR)
FROM usages AS u CROSS JOIN run
ANTI JOIN segments AS g ON g.timeline_no = u.timeline_no AND g.start <= u.day AND u.day < g.until
WHERE u.day >= run.period_start AND u.day < run.period_until GROUP BY u.timeline_no
UNION ALL
SELECT DISTINCT 10, p.timeline_no, p.timeline_no // 1048576, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)
FROM priced AS p
JOIN items AS i ON i.item_no = p.item_no AND i.tiered
ANTI JOIN tier_prices AS t ON t.item_no = p.item_no
UNION ALL
SELECT 11, a.timeline_no, a.timeline_no // 1048576, a.form_no, a.order_no, NULL, CAST(a.effective AS VARCHAR)
FROM applied AS a CROSS JOIN run
WHERE a.action = 2 AND NOT a.in_use AND a.effective >= run.period_start AND a.effective < run.period_until
UNION ALL
SELECT 12, m.timeline_no, m.timeline_no // 1048576, m.form_no, m.order_no, NULL, CAST(m.done AS VARCHAR)
FROM matches AS m CROSS JOIN run
WHERE m.nth > 1 AND m.done >= run.period_start AND m.done < run.period_until
UNION ALL
SELECT 13, NULL, g.resource_no, NULL, NULL, CAST(g.first_seen AS VARCHAR), CAST(g.last_seen AS VARCHAR)
FROM logs AS g CROSS JOIN run
ANTI JOIN claims AS c ON c.timeline_no // 1048576 = g.resource_no
ANTI JOIN orders AS o ON o.resource_no = g.resource_no
WHERE g.first_seen < run.period_until AND g.last_seen >= run.period_start
UNION ALL
SELECT 14, c.timeline_no, c.timeline_no // 1048576, c.form_no, max(a.order_no), CAST(c.charge_from AS VARCHAR), CAST(c.start AS VARCHAR)
FROM charged_spells AS c
CROSS JOIN run
JOIN segments AS g ON g.timeline_no = c.timeline_no AND g.spell = c.spell
JOIN applied AS a ON a.timeline_no = c.timeline_no AND a.form_no = c.form_no AND a.action = 1
WHERE run.repeats AND c.spell > 1 AND c.on_trial AND c.start < run.period_until
GROUP BY c.timeline_no, c.spell, c.form_no, c.charge_from, c.start
HAVING max(g.until) > max(run.period_start);
