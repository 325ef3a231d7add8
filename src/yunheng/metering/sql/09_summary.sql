-- 第 9 步 汇总：统一支付按服务商，自行支付按（单位, 服务商），待核只计总数（D14-15、D62-九）。

CREATE TABLE totals AS
SELECT s.codes IS NOT NULL AS disputed, s.payer, CASE WHEN s.payer = 'self' THEN j.unit END AS unit, p.provider, sum(s.fen) AS fen
FROM settled AS s
JOIN projects AS j ON j.project_no = s.project_no
JOIN providers AS p ON p.provider_no = s.provider_no
GROUP BY 1, 2, 3, 4;
