-- 第 3 步 测试期：市级基础设施每次真正的新增，完成日起 3 个月不计费（D62-七；K-01、K-09，版本 2 另有 K-17、K-18）。

CREATE TABLE charged_spells AS
SELECT timeline_no, spell, start, form_no, on_trial,
  CASE WHEN on_trial THEN CAST(CAST(start + trial AS DATE) + trial_extra AS DATE) ELSE start END AS charge_from
FROM (
  SELECT s.timeline_no, s.spell, s.start, s.form_no, run.trial, run.trial_extra,
    i.trial AND (f.first_application OR run.trial_on_changes) AND (s.spell = 1 OR NOT run.trial_once)
      AND (i.cycle < 2 OR NOT run.trial_recurring) AS on_trial
  FROM spells AS s
  CROSS JOIN run
  JOIN items AS i ON i.item_no = s.timeline_no % 1048576
  JOIN forms AS f ON f.form_no = s.form_no
) AS entitled;

CREATE TABLE charged AS
SELECT g.timeline_no, g.form_no, g.quantity, g.order_no, g.spell, g.start, g.until, g.reviewed, c.charge_from,
  i.item_no, i.cycle, f.project_no, f.provider_no
FROM segments AS g
JOIN charged_spells AS c ON c.timeline_no = g.timeline_no AND c.spell = g.spell
JOIN items AS i ON i.item_no = g.timeline_no % 1048576
JOIN forms AS f ON f.form_no = g.form_no
WHERE g.until > c.charge_from;
