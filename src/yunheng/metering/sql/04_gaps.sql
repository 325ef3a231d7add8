-- 第 4 步的拒绝：要出账目的日子没有价格版本。每个（目录项, 服务商）的每段缺口取首个要出账目的日子。

CREATE TABLE gaps AS
SELECT g.item_no, g.provider_no, min(greatest(b.start, g.start)) AS day
FROM (
  SELECT item_no, provider_no, until AS start,
    coalesce(lead(start) OVER (PARTITION BY item_no, provider_no ORDER BY start), DATE '9999-12-31') AS until
  FROM prices
  UNION ALL
  SELECT item_no, provider_no, DATE '0001-01-01', min(start) FROM prices GROUP BY item_no, provider_no
  UNION ALL -- 一个版本都没有的，全年都是缺口
  SELECT DISTINCT b.item_no, b.provider_no, DATE '0001-01-01', DATE '9999-12-31'
  FROM billable AS b ANTI JOIN prices AS p ON p.item_no = b.item_no AND p.provider_no = b.provider_no
) AS g
JOIN billable AS b ON b.item_no = g.item_no AND b.provider_no = g.provider_no AND b.start < g.until AND g.start < b.until
WHERE g.start < g.until
GROUP BY g.item_no, g.provider_no, g.start;
