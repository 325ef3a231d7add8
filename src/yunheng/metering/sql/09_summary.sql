-- 第 9 步 汇总：统一支付按服务商，自行支付按（单位, 服务商），待核只计总数（D14-15、D62-九）。

-- 待核的带上未裁定的码，不计费的不在其中
CREATE TABLE settled AS
SELECT a.*, p.payer, t.codes
FROM amounts AS a
JOIN projects AS p ON p.project_no = a.project_no
LEFT JOIN fate_texts AS t ON t.fate = a.fate
WHERE a.fate <> 1;

-- 被裁定不计费的，不在结果里；留着说明为什么没有收
CREATE TABLE waived AS
SELECT a.*, p.payer, CAST(NULL AS VARCHAR) AS codes
FROM amounts AS a
JOIN projects AS p ON p.project_no = a.project_no
WHERE a.fate = 1;

CREATE TABLE totals AS
SELECT s.codes IS NOT NULL AS disputed, s.payer, CASE WHEN s.payer = 'self' THEN j.unit END AS unit, p.provider, sum(s.fen) AS fen
FROM settled AS s
JOIN projects AS j ON j.project_no = s.project_no
JOIN providers AS p ON p.provider_no = s.provider_no
GROUP BY 1, 2, 3, 4;
