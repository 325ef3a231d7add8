-- 第 4 步 切段：计费段 ∩ 期内 ∩ 价格版本。带服务商的版本优先于空（D62-七 同期单价）。

-- 每个（目录项, 服务商）没有专门版本的日子
CREATE TABLE open_days AS
SELECT item_no, provider_no, start, until FROM (
  SELECT item_no, provider_no, until AS start,
    coalesce(lead(start) OVER (PARTITION BY item_no, provider_no ORDER BY start), DATE '9999-12-31') AS until
  FROM versions WHERE provider_no IS NOT NULL
  UNION ALL
  SELECT item_no, provider_no, DATE '0001-01-01', min(start) FROM versions
  WHERE provider_no IS NOT NULL GROUP BY item_no, provider_no
) AS gaps WHERE start < until;

CREATE TABLE pairs AS SELECT DISTINCT item_no, provider_no FROM charged;

CREATE TABLE prices AS
SELECT item_no, provider_no, version_no, price, start, until FROM versions WHERE provider_no IS NOT NULL
UNION ALL
SELECT v.item_no, o.provider_no, v.version_no, v.price, greatest(v.start, o.start), least(v.until, o.until)
FROM versions AS v JOIN open_days AS o ON o.item_no = v.item_no AND o.start < v.until AND v.start < o.until
WHERE v.provider_no IS NULL
UNION ALL
SELECT v.item_no, p.provider_no, v.version_no, v.price, v.start, v.until
FROM versions AS v JOIN pairs AS p ON p.item_no = v.item_no
ANTI JOIN versions AS w ON w.item_no = p.item_no AND w.provider_no = p.provider_no
WHERE v.provider_no IS NULL;

-- 先办后批的段里，审核日期以前、裁定认可而不计费的日子（K-19 选 review 才有）；segment 是段的起日。
-- 服务年度始以前的日子按首日的裁定看，只有一次性用得到
CREATE TABLE unbilled AS
SELECT timeline_no, segment, first_day, last_day, start, until FROM (
  SELECT c.timeline_no, c.start AS segment, greatest(c.start, c.charge_from) AS first_day, c.until AS last_day,
    greatest(c.start, c.charge_from, CASE WHEN r.start = run.year_start THEN DATE '0001-01-01' ELSE r.start END) AS start,
    least(c.until, c.reviewed, r.until) AS until
  FROM charged AS c
  CROSS JOIN run
  JOIN rulings AS r ON r.timeline_no = c.timeline_no AND r.code = 4 AND r.ruling = '认可'
  WHERE run.from_review
) AS days WHERE start < until;

-- 这些段里剩下的日子
CREATE TABLE remaining AS
SELECT timeline_no, segment, start, until FROM (
  SELECT timeline_no, segment, until AS start,
    coalesce(lead(start) OVER (PARTITION BY timeline_no, segment ORDER BY start), last_day) AS until
  FROM unbilled
  UNION ALL
  SELECT timeline_no, segment, first_day, min(start) FROM unbilled GROUP BY timeline_no, segment, first_day
) AS rest WHERE start < until;

-- 这些段剩下的第一天，一天不剩的为空
CREATE TABLE shifted AS
SELECT u.timeline_no, u.segment, min(r.start) AS day
FROM unbilled AS u LEFT JOIN remaining AS r ON r.timeline_no = u.timeline_no AND r.segment = u.segment
GROUP BY u.timeline_no, u.segment;

-- 一次性：计费起日收那天的数量，以后的变更只补收超过已收数量（此前各段的最大值）的部分；收费日不计费的，推到段里剩下的第一天
CREATE TABLE once AS
SELECT c.timeline_no, c.form_no, c.order_no, c.item_no, c.provider_no, c.project_no, c.cycle, c.day,
  c.quantity - coalesce(c.collected, 0) AS quantity
FROM (
  SELECT a.*, CASE WHEN x.segment IS NULL THEN greatest(a.start, a.charge_from) ELSE x.day END AS day
  FROM (
    SELECT *, max(quantity) OVER (PARTITION BY timeline_no, spell ORDER BY start
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS collected
    FROM charged WHERE cycle = 3
  ) AS a
  LEFT JOIN shifted AS x ON x.timeline_no = a.timeline_no AND x.segment = a.start
) AS c
CROSS JOIN run
WHERE (c.collected IS NULL OR c.quantity > c.collected) AND c.day >= run.period_start AND c.day < run.period_until;

-- 次：测试期外、期内的用量，各落在自己的段里
CREATE TABLE metered AS
SELECT c.timeline_no, c.form_no, c.order_no, c.item_no, c.provider_no, c.project_no, c.cycle, u.day, u.quantity
FROM charged AS c
CROSS JOIN run
JOIN usages AS u ON u.timeline_no = c.timeline_no AND u.day >= greatest(c.start, c.charge_from) AND u.day < c.until
ANTI JOIN unbilled AS x ON x.timeline_no = u.timeline_no AND x.start <= u.day AND u.day < x.until
WHERE c.cycle = 2 AND u.day >= run.period_start AND u.day < run.period_until;

-- 要出账目的段：一次性和次各按天，年、月按段
CREATE TABLE billable AS
SELECT c.timeline_no, c.form_no, c.order_no, c.item_no, c.provider_no, c.project_no, c.cycle, c.quantity,
  greatest(c.start, c.charge_from, run.period_start) AS start, least(c.until, run.period_until) AS until
FROM charged AS c
CROSS JOIN run
ANTI JOIN shifted AS x ON x.timeline_no = c.timeline_no AND x.segment = c.start
WHERE c.cycle < 2 AND greatest(c.start, c.charge_from, run.period_start) < least(c.until, run.period_until)
UNION ALL
SELECT c.timeline_no, c.form_no, c.order_no, c.item_no, c.provider_no, c.project_no, c.cycle, c.quantity,
  greatest(r.start, run.period_start), least(r.until, run.period_until)
FROM charged AS c
CROSS JOIN run
JOIN remaining AS r ON r.timeline_no = c.timeline_no AND r.segment = c.start
WHERE c.cycle < 2 AND greatest(r.start, run.period_start) < least(r.until, run.period_until)
UNION ALL
SELECT timeline_no, form_no, order_no, item_no, provider_no, project_no, cycle, quantity, day, CAST(day + 1 AS DATE) FROM once
UNION ALL
SELECT timeline_no, form_no, order_no, item_no, provider_no, project_no, cycle, quantity, day, CAST(day + 1 AS DATE) FROM metered;

CREATE TABLE priced AS
SELECT b.timeline_no, b.form_no, b.order_no, b.item_no, b.provider_no, b.project_no, b.cycle, b.quantity,
  p.version_no, p.price, greatest(b.start, p.start) AS start, least(b.until, p.until) AS until
FROM billable AS b
JOIN prices AS p ON p.item_no = b.item_no AND p.provider_no = b.provider_no AND p.start < b.until AND b.start < p.until;
