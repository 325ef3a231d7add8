-- 差异清单：次序（码, 资源, 目录项, 单号, 工单号）。D2 没有编号，照工单上写的。

CREATE TABLE differences AS
SELECT f.code, coalesce(r.resource, w.资源) AS resource, CASE WHEN f.code = 2 THEN w.目录项 ELSE i.item END AS item,
  CASE WHEN f.code = 2 THEN w.单号 ELSE m.form END AS form, o.order_id, u.ruling, f.expected, f.actual
FROM found AS f
LEFT JOIN resources AS r ON r.resource_no = f.resource_no
LEFT JOIN items AS i ON i.item_no = f.timeline_no % 1048576
LEFT JOIN forms AS m ON m.form_no = f.form_no
LEFT JOIN orders AS o ON o.order_no = f.order_no
LEFT JOIN raw_工单 AS w ON f.code = 2 AND w.工单号 = o.order_id
LEFT JOIN verdicts AS u ON u.timeline_no = f.timeline_no AND u.code = f.code
ORDER BY f.code, coalesce(r.resource, w.资源, ''), coalesce(CASE WHEN f.code = 2 THEN w.目录项 ELSE i.item END, ''),
  coalesce(CASE WHEN f.code = 2 THEN w.单号 ELSE m.form END, ''), coalesce(o.order_id, '');
