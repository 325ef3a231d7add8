-- 第 5 步 金额：全程整数，每条账目末尾一次整除舍入到分（K-05）。
-- 数量千分之一 × 单价百万分之一 × 时间 ÷ 时间基数，再除以一千万得分。

CREATE VIEW weighed AS
SELECT p.timeline_no, p.form_no, p.order_no, p.item_no, p.provider_no, p.project_no, p.quantity, p.start, p.until, p.days,
  p.fate,
  CASE WHEN i.tiered THEN coalesce(t.price, 0) ELSE p.price END AS price,
  CASE p.cycle WHEN 0 THEN p.days WHEN 1 THEN u.month_weight - s.month_weight ELSE 1 END AS weight,
  CASE p.cycle WHEN 0 THEN run.year_base WHEN 1 THEN run.month_base ELSE 10000000 END AS base
FROM pieces AS p
CROSS JOIN run
JOIN items AS i ON i.item_no = p.item_no
LEFT JOIN tier_prices AS t ON t.item_no = p.item_no
LEFT JOIN days AS s ON p.cycle = 1 AND s.day = p.start
LEFT JOIN days AS u ON p.cycle = 1 AND u.day = p.until;

-- 数量 × 单价放得进 64 位的（几乎全部）先除出整数部分，余数再乘时间，全程 64 位；放不进的走 128 位。两条路逐分相同
CREATE TABLE amounts AS
SELECT timeline_no, form_no, order_no, provider_no, project_no, quantity, start, until, days, fate, CAST(price AS BIGINT) AS price,
  CASE WHEN whole IS NOT NULL THEN whole * weight + rest * weight // base + CASE WHEN 2 * (rest * weight % base) > base THEN 1
    WHEN 2 * (rest * weight % base) = base AND (half_up OR (whole * weight + rest * weight // base) % 2 = 1) THEN 1 ELSE 0 END
  ELSE product // base + CASE WHEN 2 * (product % base) > base THEN 1
    WHEN 2 * (product % base) = base AND (half_up OR product // base % 2 = 1) THEN 1 ELSE 0 END END AS fen
FROM (
  SELECT w.*, run.half_up, w.cost // w.base AS whole, w.cost % w.base AS rest, w.quantity * w.price * w.weight AS product
  FROM (
    SELECT *, CASE WHEN quantity < 1073741824 AND price < 8589934592 THEN CAST(quantity AS BIGINT) * CAST(price AS BIGINT) END AS cost
    FROM weighed
  ) AS w CROSS JOIN run
) AS d;
