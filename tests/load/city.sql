-- 大数据包的各表（stage_*）装成台账、补录的单据；日期挪后一年。
-- 单位、项目的代码前加 C，不与演示区的重。

INSERT INTO orgs_institution (code, name, initials, kind, level, nature, state_organ, address, phone)
    SELECT 'C' || 代码, 名称, lower(代码), 'using_unit', '', CASE 预算性质 WHEN '街镇' THEN 'town' ELSE 'district' END, true, '', ''
    FROM stage_机构 WHERE 类型 = '使用单位';
INSERT INTO catalog_item (code, name, category, unit, pricing, cycle, level, logged, dimension, architecture)
    SELECT DISTINCT ON (目录项) 目录项, 名称, 类别, 计价单位, 计价方式, 计费周期, '市级', coalesce(日志, '有') = '有', '', ''
    FROM stage_目录;
INSERT INTO catalog_price (item_id, unit_price, during)
    SELECT i.id, 单价::numeric, daterange((生效日期::date + interval '1 year')::date, (失效日期::date + interval '1 year')::date)
    FROM stage_目录 JOIN catalog_item AS i ON i.code = 目录项;
INSERT INTO catalog_tier (item_id, service_year, version, mode, start, until, unit_price)
    SELECT i.id, 服务年度::int + 1, 1, 方式, 起::numeric, 止::numeric, 单价::numeric
    FROM stage_阶梯 JOIN catalog_item AS i ON i.code = 目录项;
INSERT INTO catalog_cityusage (item_id, service_year, version, total)
    SELECT i.id, 服务年度::int + 1, 1, 全市总量::numeric FROM stage_全市用量 JOIN catalog_item AS i ON i.code = 目录项;
INSERT INTO ledger_project (code, name, initials, funding, classified, approval_number, leader, contact, unit_id)
    SELECT 'C' || 项目, p.名称, '', 费用归属, false, '', '', '', u.id FROM stage_项目 AS p JOIN orgs_institution AS u ON u.code = 'C' || 单位;
INSERT INTO cases_case (number, procedure, version, subject, opened_on, backfilled, unit_id)
    SELECT 单号, 'backfill', 1, '补录 ' || 单号, (审核日期::date + interval '1 year')::date, true, p.unit_id
    FROM stage_单据 JOIN ledger_project AS p ON p.code = 'C' || 项目;
INSERT INTO cases_board (case_id, step, step_name, state, outcome, roles, since_on, estimated, paused, seq, search,
        provider_id, unit_id)
    SELECT c.id, '', '办结', '已办结', 'done', '{}', c.opened_on, false, false, 1, c.number, o.id, c.unit_id
    FROM cases_case AS c JOIN stage_单据 ON 单号 = c.number JOIN orgs_institution AS o ON o.code = 服务商;
INSERT INTO applications_filing (case_id, project_id, version, content, digest, filed_on)
    SELECT c.id, p.id, 1, jsonb_build_object('kind', 种类, 'reviewed_on', c.opened_on, 'lines', d.lines), '',
        c.opened_on
    FROM stage_单据 AS f JOIN cases_case AS c ON c.number = f.单号 JOIN ledger_project AS p ON p.code = 'C' || f.项目
    JOIN (SELECT 单号, jsonb_agg(jsonb_build_array(资源, 目录项, 动作, coalesce(数量, ''))) AS lines
        FROM stage_单据明细 GROUP BY 单号) AS d ON d.单号 = f.单号;
INSERT INTO ledger_resource (code, name, kind, architecture, zone, address, search, project_id, provider_id, system)
    SELECT DISTINCT ON (资源) 资源, '', '云主机', 'X86', '', '', lower(资源), p.id, o.id, ''
    FROM stage_单据明细 JOIN stage_单据 USING (单号) JOIN ledger_project AS p ON p.code = 'C' || 项目
    JOIN orgs_institution AS o ON o.code = 服务商 WHERE 动作 = '新增';
INSERT INTO ledger_fact (action, quantity, effective_on, recorded_on, "order", by, case_id, item_id, resource_id)
    SELECT 动作, 数量::numeric, c.opened_on + 3, c.opened_on + 3, '', '压测', c.id, i.id, r.id
    FROM stage_单据明细 JOIN cases_case AS c ON c.number = 单号 JOIN catalog_item AS i ON i.code = 目录项
    JOIN ledger_resource AS r ON r.code = 资源;
INSERT INTO ledger_segment (during, quantity, item_id, resource_id)
    SELECT daterange(effective_on, following), quantity, item_id, resource_id FROM (
        SELECT *, lead(effective_on) OVER (PARTITION BY resource_id, item_id ORDER BY effective_on) AS following
        FROM ledger_fact WHERE by = '压测') AS f
    WHERE action <> '释放' AND following IS DISTINCT FROM effective_on;
