-- 第 7 步 裁定：有阻断差异的（资源, 目录项）按日定去处（R-075）。
-- 去处 fate：0 入账，1 不计费，其余是未裁定的各码，一码一位。一天里阻断差异的码都裁定过才算裁定过；任一不计费则不出账。

CREATE TABLE blocking AS
SELECT code, bit FROM (VALUES (3, 8), (4, 16), (5, 32), (6, 64), (7, 128), (10, 1024)) AS b (code, bit);

CREATE TABLE blocked AS
SELECT DISTINCT f.timeline_no, b.code, b.bit FROM found AS f JOIN blocking AS b ON b.code = f.code;

-- 期内去处可能变的日子
CREATE TABLE cuts AS
SELECT b.timeline_no, run.period_start AS day FROM blocked AS b CROSS JOIN run
UNION
SELECT r.timeline_no, r.start FROM rulings AS r CROSS JOIN run
SEMI JOIN blocked AS b ON b.timeline_no = r.timeline_no AND b.code = r.code
WHERE r.start > run.period_start AND r.start < run.period_until
UNION
SELECT r.timeline_no, r.until FROM rulings AS r CROSS JOIN run
SEMI JOIN blocked AS b ON b.timeline_no = r.timeline_no AND b.code = r.code
WHERE r.until > run.period_start AND r.until < run.period_until;

CREATE TABLE judged AS
SELECT timeline_no, start, until, CASE WHEN open > 0 THEN open ELSE waived END AS fate FROM (
  SELECT s.timeline_no, s.start, s.until, sum(CASE WHEN r.ruling IS NULL THEN b.bit ELSE 0 END) AS open,
    max(CASE WHEN r.ruling = '不计费' THEN 1 ELSE 0 END) AS waived
  FROM (
    SELECT c.timeline_no, c.day AS start,
      coalesce(lead(c.day) OVER (PARTITION BY c.timeline_no ORDER BY c.day), run.period_until) AS until
    FROM cuts AS c CROSS JOIN run
  ) AS s
  JOIN blocked AS b ON b.timeline_no = s.timeline_no
  LEFT JOIN rulings AS r ON r.timeline_no = s.timeline_no AND r.code = b.code AND r.start <= s.start AND s.start < r.until
  GROUP BY s.timeline_no, s.start, s.until
) AS ruled;

-- 去处相同的相邻日子合成一段
CREATE TABLE fates AS
SELECT timeline_no, CAST(fate AS INTEGER) AS fate, min(start) AS start, max(until) AS until FROM (
  SELECT *, sum(fresh) OVER (PARTITION BY timeline_no ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
  FROM (
    SELECT *, CASE WHEN fate = lag(fate) OVER (PARTITION BY timeline_no ORDER BY start) THEN 0 ELSE 1 END AS fresh FROM judged
  ) AS marked
) AS grouped
GROUP BY timeline_no, fate, island;

CREATE TABLE fate_texts AS
SELECT f.fate, string_agg('"D' || CAST(b.code AS VARCHAR) || '"', ',' ORDER BY b.code) AS codes
FROM (SELECT DISTINCT fate FROM fates WHERE fate > 1) AS f
JOIN blocking AS b ON f.fate // b.bit % 2 = 1
GROUP BY f.fate;

-- 差异行上写的裁定：一种裁定盖满期内每一天的写那一种，否则写部分；日子全在期外的不算
CREATE TABLE verdicts AS
SELECT timeline_no, code,
  CASE WHEN min(ruling) = max(ruling) AND sum(days) = max(whole) THEN min(ruling) ELSE '部分' END AS ruling
FROM (
  SELECT r.timeline_no, r.code, r.ruling, date_diff('day', run.period_start, run.period_until) AS whole,
    date_diff('day', greatest(r.start, run.period_start), least(r.until, run.period_until)) AS days
  FROM rulings AS r CROSS JOIN run
) AS clipped WHERE days > 0
GROUP BY timeline_no, code;

CREATE VIEW parted AS
SELECT p.timeline_no, p.form_no, p.order_no, p.item_no, p.provider_no, p.project_no, p.cycle, p.version_no, p.price, p.quantity,
  coalesce(f.fate, 0) AS fate, greatest(p.start, coalesce(f.start, p.start)) AS start, least(p.until, coalesce(f.until, p.until)) AS until
FROM priced AS p
LEFT JOIN fates AS f ON f.timeline_no = p.timeline_no AND f.start < p.until AND p.start < f.until;

-- 次：按（资源, 目录项, 项目, 服务商, 价格版本, 去处）合计，单据和工单取最早用量日的
CREATE TABLE pieces AS
SELECT timeline_no, form_no, order_no, item_no, provider_no, project_no, cycle, fate, price,
  CAST(quantity AS HUGEINT) AS quantity, start, until, date_diff('day', start, until) AS days
FROM parted WHERE cycle <> 2
UNION ALL
SELECT timeline_no, min_by(form_no, start), min_by(order_no, start), item_no, provider_no, project_no, cycle, fate, price,
  CAST(sum(quantity) AS HUGEINT), min(start), max(until), count(DISTINCT start)
FROM parted WHERE cycle = 2
GROUP BY timeline_no, item_no, provider_no, project_no, cycle, version_no, fate, price;
