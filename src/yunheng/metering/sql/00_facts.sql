-- 第 0 步 装载事实：暂存表的文本化成整数和日期，名字化成按码点排好的序号。
-- 只取已通过的单据（审核日期非空）。资源与目录项合成时间线号 timeline_no，序号的大小就是名字的先后。
-- 动作 0 释放、1 新增、2 变更（同日应用的先后）；周期 0 年、1 月、2 次、3 一次性。数量以千分之一、单价以百万分之一计。

CREATE TABLE units AS
SELECT 代码 AS unit, 预算性质 = '区级' AS district_budget, row_number() OVER (ORDER BY 代码) AS unit_no
FROM raw_机构 WHERE 类型 = '使用单位';

CREATE TABLE providers AS
SELECT 代码 AS provider, row_number() OVER (ORDER BY 代码) AS provider_no
FROM raw_机构 WHERE 类型 = '云服务商';

-- 第 6 步 谁付：单位和项目都是区级才统一支付（D14-15、D62-九）
CREATE TABLE projects AS
SELECT p.项目 AS project, u.unit, u.unit_no, row_number() OVER (ORDER BY u.unit_no, p.项目) AS project_no,
  CASE WHEN u.district_budget AND p.费用归属 = '区级' THEN 'unified' ELSE 'self' END AS payer
FROM raw_项目 AS p JOIN units AS u ON u.unit = p.单位;

CREATE TABLE forms AS
SELECT f.单号 AS form, p.project_no, s.provider_no, f.种类 = '首次申请' AS first_application,
  CAST(f.审核日期 AS DATE) AS reviewed, row_number() OVER (ORDER BY f.单号) AS form_no
FROM raw_单据 AS f
JOIN projects AS p ON p.project = f.项目
JOIN providers AS s ON s.provider = f.服务商
WHERE f.审核日期 IS NOT NULL;

CREATE TABLE items AS
SELECT 目录项 AS item, row_number() OVER (ORDER BY 目录项) AS item_no,
  CASE min(计费周期) WHEN '年' THEN 0 WHEN '月' THEN 1 WHEN '次' THEN 2 ELSE 3 END AS cycle,
  min(计价方式) = '阶梯' AS tiered,
  coalesce(min(日志), '有') = '有' AS logged,
  min(类别) = '基础设施' AND coalesce(min(级别), '市级') = '市级' AS trial
FROM raw_目录 GROUP BY 目录项;

CREATE TABLE versions AS
SELECT i.item_no, s.provider_no, CAST(coalesce(CAST(v.单价 AS DECIMAL(38, 6)), 0) * 1000000 AS BIGINT) AS price,
  CAST(v.生效日期 AS DATE) AS start, coalesce(CAST(v.失效日期 AS DATE), DATE '9999-12-31') AS until,
  row_number() OVER (ORDER BY i.item_no, s.provider_no, v.生效日期) AS version_no
FROM raw_目录 AS v JOIN items AS i ON i.item = v.目录项 LEFT JOIN providers AS s ON s.provider = v.服务商;

CREATE TABLE resources AS
SELECT resource, row_number() OVER (ORDER BY resource) AS resource_no
FROM (
  SELECT 资源 AS resource FROM raw_单据明细 UNION SELECT 资源 FROM raw_工单
  UNION SELECT 资源 FROM raw_日志 UNION SELECT 资源 FROM raw_用量
) AS named;

CREATE TABLE claims AS
SELECT r.resource_no * 1048576 + i.item_no AS timeline_no, f.form_no, f.reviewed,
  CASE d.动作 WHEN '释放' THEN 0 WHEN '新增' THEN 1 ELSE 2 END AS action,
  CAST(CAST(d.数量 AS DECIMAL(18, 3)) * 1000 AS BIGINT) AS quantity
FROM raw_单据明细 AS d
JOIN forms AS f ON f.form = d.单号
JOIN resources AS r ON r.resource = d.资源
JOIN items AS i ON i.item = d.目录项;

-- 工单的单号、目录项可以不存在：对不上的序号为 NULL，第 7 步按 D2 处理
CREATE TABLE orders AS
SELECT row_number() OVER (ORDER BY o.工单号) AS order_no, o.工单号 AS order_id, f.form_no, r.resource_no,
  r.resource_no * 1048576 + i.item_no AS timeline_no,
  CASE o.动作 WHEN '释放' THEN 0 WHEN '新增' THEN 1 ELSE 2 END AS action,
  CAST(CAST(o.数量 AS DECIMAL(18, 3)) * 1000 AS BIGINT) AS quantity, CAST(o.完成日期 AS DATE) AS done
FROM raw_工单 AS o
JOIN resources AS r ON r.resource = o.资源
LEFT JOIN forms AS f ON f.form = o.单号
LEFT JOIN items AS i ON i.item = o.目录项;

CREATE TABLE logs AS
SELECT r.resource_no, CAST(g.首见日期 AS DATE) AS first_seen, CAST(g.末见日期 AS DATE) AS last_seen
FROM raw_日志 AS g JOIN resources AS r ON r.resource = g.资源;

CREATE TABLE usages AS
SELECT r.resource_no * 1048576 + i.item_no AS timeline_no, CAST(u.日期 AS DATE) AS day,
  sum(CAST(CAST(u.用量 AS DECIMAL(18, 3)) * 1000 AS BIGINT)) AS quantity
FROM raw_用量 AS u
JOIN resources AS r ON r.resource = u.资源
JOIN items AS i ON i.item = u.目录项
GROUP BY 1, 2 HAVING sum(CAST(CAST(u.用量 AS DECIMAL(18, 3)) * 1000 AS BIGINT)) > 0;

-- 差异裁定：空的起、止是服务年度两端（版本 1 的都空，管全年）
CREATE TABLE rulings AS
SELECT r.resource_no * 1048576 + i.item_no AS timeline_no, CAST(substring(d.差异, 2) AS INTEGER) AS code, d.裁定 AS ruling,
  coalesce(CAST(d.起 AS DATE), run.year_start) AS start, coalesce(CAST(d.止 AS DATE), run.year_until) AS until
FROM raw_差异裁定 AS d
CROSS JOIN run
JOIN resources AS r ON r.resource = d.资源
JOIN items AS i ON i.item = d.目录项;
