.PHONY: check soak bench bench-pages bench-city bench-huge postgres15 docs
BIN := .venv/bin

check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	DATABASE_URL=postgresql://none@127.0.0.1/none YUNHENG_SECRET_KEY=none $(BIN)/mypy
	$(BIN)/lint-imports

soak:
	$(BIN)/python -m pytest -n 2 -m soak

# 对照用的 CloudKitty 装在自己的环境里，不碰项目的依赖
.bench/cloudkitty/installed: requirements-bench.lock
	rm -rf .bench/cloudkitty
	python3 -m venv .bench/cloudkitty
	.bench/cloudkitty/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@

bench: .bench/cloudkitty/installed
	$(BIN)/python bench/run.py $(if $(SIZES),--sizes $(SIZES))
	$(MAKE) bench-pages
	$(MAKE) bench-city

# 页面：2 万资源、5 千事项、500 人，20 人各自点，再点满
bench-pages:
	command -v wrk >/dev/null || apt-get install -y -qq wrk
	$(BIN)/python -m tests.load.pages

# 库里一百万条时间线的一年：年度计量、逐级看账、试算
bench-city:
	$(BIN)/python -m tests.load.city $(if $(SIZE),--size $(SIZE)) $(if $(NOLOGS),--no-logs)

# 三百万条时间线，4 GiB 内存，靠落盘跑完
bench-huge:
	$(BIN)/python bench/huge.py

# 同一组约束、并发、断电测试在 PostgreSQL 15 上再跑一遍（apt 装 postgresql-15）
postgres15:
	YUNHENG_POSTGRES=/usr/lib/postgresql/15/bin $(BIN)/python -m pytest -n 2 \
	  tests/architecture tests/scenarios tests/concurrency tests/web tests/golden/test_export.py

docs:
	$(BIN)/mkdocs serve
