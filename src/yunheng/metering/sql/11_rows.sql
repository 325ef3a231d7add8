-- 输出：一块账目（chunk）的各列，列序同 结算.json；写法与文本里的一字不差。

SELECT u.unit, j.project, r.resource, i.item, v.provider, f.form, o.order_id AS "order",
  split_part(q.quantity_text, '"', 1) AS quantity, CAST(s.start AS VARCHAR) AS "from", CAST(s.until AS VARCHAR) AS until,
  CAST(s.days AS INTEGER) AS days, split_part(p.price_text, '"', 1) AS unit_price,
  concat(s.fen // 100, '.', lpad(CAST(s.fen % 100 AS VARCHAR), 2, '0')) AS amount, s.payer,
  coalesce(replace(s.codes, '"', ''), '') AS differences
FROM chunk AS s
JOIN projects AS j ON j.project_no = s.project_no
JOIN units AS u ON u.unit_no = j.unit_no
JOIN providers AS v ON v.provider_no = s.provider_no
JOIN forms AS f ON f.form_no = s.form_no
JOIN items AS i ON i.item_no = s.timeline_no % 1048576
JOIN resources AS r ON r.resource_no = s.timeline_no // 1048576
JOIN orders AS o ON o.order_no = s.order_no
JOIN price_texts AS p ON p.price = s.price
JOIN quantity_texts AS q ON q.quantity = s.quantity
ORDER BY s.project_no, s.timeline_no, s.start, s.form_no;
