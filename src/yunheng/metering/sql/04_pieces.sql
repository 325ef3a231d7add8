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

-- 一次性：计费起日收那天的数量，以后的变更只补收超过已收数量（此前各段的最大值）的部分
CREATE TABLE once AS
SELECT timeline_no, form_no, order_no, item_no, provider_no, project_no, cycle, day, quantity - coalesce(collected, 0) AS quantity
FROM (
  SELECT *, greatest(start, charge_from) AS day,
    max(quantity) OVER (PARTITION BY timeline_no, spell ORDER BY start
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS collected
  FROM charged WHERE cycle = 3
) AS c
CROSS JOIN run
WHERE (collected IS NULL OR quantity > collected) AND day >= run.period_start AND day < run.period_until;

-- 次：测试期外、期内的用量，各落在自己的段里
CREATE TABLE metered AS
SELECT c.timeline_no, c.form_no, c.order_no, c.item_no, c.provider_no, c.project_no, c.cycle, u.day, u.quantity
FROM charged AS c
CROSS JOIN run
JOIN usages AS u ON u.timeline_no = c.timeline_no AND u.day >= greatest(c.start, c.charge_from) AND u.day < c.until
WHERE c.cycle = 2 AND u.day >= run.period_start AND u.day < run.period_until;

-- 要出账目的段：一次性和次各按天，年、月按段
CREATE TABLE billable AS
SELECT timeline_no, form_no, order_no, item_no, provider_no, project_no, cycle, quantity,
  greatest(start, charge_from, run.period_start) AS start, least(until, run.period_until) AS until
FROM charged CROSS JOIN run
WHERE cycle < 2 AND greatest(start, charge_from, run.period_start) < least(until, run.period_until)
UNION ALL
SELECT timeline_no, form_no, order_no, item_no, provider_no, project_no, cycle, quantity, day, CAST(day + 1 AS DATE) FROM once
UNION ALL
SELECT timeline_no, form_no, order_no, item_no, provider_no, project_no, cycle, quantity, day, CAST(day + 1 AS DATE) FROM metered;

CREATE TABLE priced AS
SELECT b.timeline_no, b.form_no, b.order_no, b.item_no, b.provider_no, b.project_no, b.cycle, b.quantity,
  p.version_no, p.price, greatest(b.start, p.start) AS start, least(b.until, p.until) AS until
FROM billable AS b
JOIN prices AS p ON p.item_no = b.item_no AND p.provider_no = b.provider_no AND p.start < b.until AND b.start < p.until;

-- 次：按（资源, 目录项, 项目, 服务商, 价格版本）合计，单据和工单取最早用量日的
CREATE TABLE pieces AS
SELECT timeline_no, form_no, order_no, item_no, provider_no, project_no, cycle, version_no, price,
  CAST(quantity AS HUGEINT) AS quantity, start, until, date_diff('day', start, until) AS days
FROM priced WHERE cycle <> 2
UNION ALL
SELECT timeline_no, min_by(form_no, start), min_by(order_no, start), item_no, provider_no, project_no, cycle, version_no, price,
  CAST(sum(quantity) AS HUGEINT), min(start), max(until), count(DISTINCT start)
FROM priced WHERE cycle = 2
GROUP BY timeline_no, item_no, provider_no, project_no, cycle, version_no, price;
