-- 第 2 步 时间线：每个（资源, 目录项）的动作按（生效日, 释放<新增<变更, 审核日期, 单号）逐个应用。
-- 在不在用，由此前最近的一次新增或释放决定。

CREATE TABLE applied AS
SELECT timeline_no, form_no, action, quantity, reviewed, order_no, ordered_quantity, done, effective,
  coalesce(max(CASE WHEN action < 2 THEN nth * 2 + action END) OVER (
    PARTITION BY timeline_no ORDER BY nth ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) % 2 = 1 AS in_use, nth
FROM (
  SELECT *, row_number() OVER (PARTITION BY timeline_no ORDER BY effective, action, reviewed, form_no) AS nth
  FROM actions WHERE effective IS NOT NULL
) AS ordered;

-- 没有在用量时的变更（D11）、释放不起作用；未释放时的再新增按变更处理，不重起测试期。
-- spell 是第几次真正的新增；起止同日的段删除；没有结束的段止于 9999-12-31。
CREATE TABLE segments AS
SELECT timeline_no, form_no, action, quantity, order_no, ordered_quantity, reviewed, done, spell, start, until
FROM (
  SELECT *, effective AS start,
    coalesce(lead(effective) OVER (PARTITION BY timeline_no ORDER BY nth), DATE '9999-12-31') AS until,
    sum(CASE WHEN action = 1 AND NOT in_use THEN 1 ELSE 0 END) OVER (
      PARTITION BY timeline_no ORDER BY nth ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS spell
  FROM applied WHERE action = 1 OR in_use
) AS kept
WHERE action > 0 AND start < until;

-- 每次真正的新增
CREATE TABLE spells AS
SELECT timeline_no, form_no, effective AS start,
  row_number() OVER (PARTITION BY timeline_no ORDER BY nth) AS spell
FROM applied WHERE action = 1 AND NOT in_use;
