-- 输出：一块账目（chunk）的规范 JSON 文本，键按码点排序。
-- 分块写，文本不必整份留在库里；一块算着，前一块正在算摘要、写盘。

SELECT concat(
  '{"amount":"', s.fen // 100, '.', lpad(CAST(s.fen % 100 AS VARCHAR), 2, '0'), '","days":', s.days,
  CASE WHEN s.disputed THEN concat(',"differences":[', s.codes, '],') ELSE ',' END,
  f.form, ',"from":"', s.start, i.item, to_json(o.order_id), ',', f.project, q.quantity_text, to_json(r.resource),
  f.unit, p.price_text, s.until, '"}') AS text
FROM chunk AS s
JOIN form_texts AS f ON f.form_no = s.form_no
JOIN item_texts AS i ON i.item_no = s.timeline_no % 1048576
JOIN resources AS r ON r.resource_no = s.timeline_no // 1048576
JOIN orders AS o ON o.order_no = s.order_no
JOIN price_texts AS p ON p.price = s.price
JOIN quantity_texts AS q ON q.quantity = s.quantity
ORDER BY s.project_no, s.timeline_no, s.start, s.form_no;
