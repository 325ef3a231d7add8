-- 第 1 步 动作：已通过的明细按（单号, 资源, 目录项, 动作）找工单，多张取完成日期最晚者，再按工单号最大（D62-七）。

CREATE TABLE matches AS
SELECT o.order_no, o.form_no, o.timeline_no, o.action, o.quantity, o.done,
  row_number() OVER (PARTITION BY o.timeline_no, o.form_no, o.action ORDER BY o.done DESC, o.order_no DESC) AS nth
FROM orders AS o
SEMI JOIN claims AS c ON c.timeline_no = o.timeline_no AND c.form_no = o.form_no AND c.action = o.action;

-- 新增、变更的生效日是工单完成日，没有工单则不生效（D1）；释放不等工单，审核日期次日起不计费（K-10）
CREATE TABLE actions AS
SELECT c.timeline_no, c.form_no, c.action, c.quantity, c.reviewed, m.order_no, m.quantity AS ordered_quantity, m.done,
  CASE WHEN c.action = 0 THEN CAST(c.reviewed + run.release_after AS DATE) ELSE m.done END AS effective
FROM claims AS c
CROSS JOIN run
LEFT JOIN matches AS m
  ON m.timeline_no = c.timeline_no AND m.form_no = c.form_no AND m.action = c.action AND m.nth = 1;
