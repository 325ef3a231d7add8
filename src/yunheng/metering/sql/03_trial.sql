-- 第 3 步 测试期：市级基础设施每次真正的新增，完成日起 3 个月不计费（D62-七；K-01、K-09）。

CREATE TABLE charged_spells AS
SELECT s.timeline_no, s.spell, s.start,
  CASE WHEN i.trial AND (f.first_application OR run.trial_on_changes)
    THEN CAST(CAST(s.start + run.trial AS DATE) + run.trial_extra AS DATE) ELSE s.start END AS charge_from
FROM spells AS s
CROSS JOIN run
JOIN items AS i ON i.item_no = s.timeline_no % 1048576
JOIN forms AS f ON f.form_no = s.form_no;

CREATE TABLE charged AS
SELECT g.timeline_no, g.form_no, g.quantity, g.order_no, g.spell, g.start, g.until, c.charge_from,
  i.item_no, i.cycle, f.project_no, f.provider_no
FROM segments AS g
JOIN charged_spells AS c ON c.timeline_no = g.timeline_no AND c.spell = g.spell
JOIN items AS i ON i.item_no = g.timeline_no % 1048576
JOIN forms AS f ON f.form_no = g.form_no
WHERE g.until > c.charge_from;
