-- 第 5 步 阶梯的全市平均单价 = 全市总量按阶梯的总价 ÷ 全市总量，五入到 K-07 的位数（M10-四(四)）。

CREATE TABLE tier_prices AS
SELECT item_no,
  (2 * cost + total * run.average_step) // (2 * total * run.average_step) * run.average_step AS price
FROM (
  SELECT i.item_no, t.total,
    sum(CASE WHEN t.whole AND t.total >= t.start AND (t.until IS NULL OR t.total < t.until) THEN t.total * t.price
      WHEN NOT t.whole AND t.total > t.start
        THEN (CASE WHEN t.until < t.total THEN t.until ELSE t.total END - t.start) * t.price
      ELSE 0 END) AS cost
  FROM tiers AS t JOIN items AS i ON i.item = t.item AND i.tiered
  WHERE t.total > 0
  GROUP BY i.item_no, t.total
) AS costs CROSS JOIN run;
