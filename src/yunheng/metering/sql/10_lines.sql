-- 输出：账目、待核排好序，待核在后；行序（单位, 项目, 资源, 目录项, 起日, 单号）。另备好每行文本里重复的几截。

CREATE TABLE form_texts AS
SELECT f.form_no, '"form":' || CAST(to_json(f.form) AS VARCHAR) AS form, '"payer":"' || p.payer
  || '","project":' || CAST(to_json(p.project) AS VARCHAR) || ',"provider":' || CAST(to_json(s.provider) AS VARCHAR)
  || ',"quantity":"' AS project, ',"unit":' || CAST(to_json(p.unit) AS VARCHAR) || ',"unit_price":"' AS unit
FROM forms AS f
JOIN projects AS p ON p.project_no = f.project_no
JOIN providers AS s ON s.provider_no = f.provider_no;

CREATE TABLE item_texts AS
SELECT item_no, '","item":' || CAST(to_json(item) AS VARCHAR) || ',"order":' AS item FROM items;

CREATE TABLE price_texts AS
SELECT price, CAST(price // 1000000 AS VARCHAR)
  || CASE WHEN price % 1000000 = 0 THEN '' ELSE '.' || rtrim(lpad(CAST(price % 1000000 AS VARCHAR), 6, '0'), '0') END
  || '","until":"' AS price_text
FROM (SELECT price FROM settled UNION SELECT price FROM waived) AS p;

CREATE TABLE quantity_texts AS
SELECT quantity, CAST(quantity // 1000 AS VARCHAR)
  || CASE WHEN quantity % 1000 = 0 THEN '' ELSE '.' || rtrim(lpad(CAST(quantity % 1000 AS VARCHAR), 3, '0'), '0') END
  || '","resource":' AS quantity_text
FROM (SELECT quantity FROM settled UNION SELECT quantity FROM waived) AS q;

CREATE TABLE ranked AS
SELECT *, codes IS NOT NULL AS disputed FROM settled
ORDER BY codes IS NOT NULL, project_no, timeline_no, start, form_no;
