-- 输出：账目和待核的规范 JSON 文本，键按码点排序，行按（单位, 项目, 资源, 目录项, 起日, 单号）排序。

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
FROM (SELECT DISTINCT price FROM settled) AS p;

CREATE TABLE quantity_texts AS
SELECT quantity, CAST(quantity // 1000 AS VARCHAR)
  || CASE WHEN quantity % 1000 = 0 THEN '' ELSE '.' || rtrim(lpad(CAST(quantity % 1000 AS VARCHAR), 3, '0'), '0') END
  || '","resource":' AS quantity_text
FROM (SELECT DISTINCT quantity FROM settled) AS q;

-- 先整表排好序，行号就是次序：比开窗编号快得多
CREATE TABLE ranked AS SELECT * FROM settled ORDER BY project_no, timeline_no, start, form_no;

CREATE TABLE texts AS
SELECT s.rowid AS nth, s.codes IS NOT NULL AS disputed, concat(
  '{"amount":"', s.fen // 100, '.', lpad(CAST(s.fen % 100 AS VARCHAR), 2, '0'), '","days":', s.days,
  CASE WHEN s.codes IS NULL THEN ',' ELSE concat(',"differences":[', s.codes, '],') END,
  f.form, ',"from":"', s.start, i.item, to_json(o.order_id), ',', f.project, q.quantity_text, to_json(r.resource),
  f.unit, p.price_text, s.until, '"}') AS text
FROM ranked AS s
JOIN form_texts AS f ON f.form_no = s.form_no
JOIN item_texts AS i ON i.item_no = s.timeline_no % 1048576
JOIN resources AS r ON r.resource_no = s.timeline_no // 1048576
JOIN orders AS o ON o.order_no = s.order_no
JOIN price_texts AS p ON p.price = s.price
JOIN quantity_texts AS q ON q.quantity = s.quantity;
