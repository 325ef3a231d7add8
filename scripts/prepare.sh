# 准备运行环境：装缺的系统包，建 .venv，按锁文件安装。由 ./run、./test 引入（. scripts/prepare.sh）。
# prepare 锁文件 系统包…

missing_packages() {
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || printf '%s ' "$package"
  done
}

install_packages() {
  missing=$(missing_packages "$@")
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" = 0 ]; then
    as_root=
  elif sudo -n true 2>/dev/null; then
    as_root=sudo
  else
    printf '缺少系统包，请先执行：\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n' "$missing" >&2
    exit 1
  fi
  printf '安装系统包：%s\n' "$missing" >&2
  # shellcheck disable=SC2086
  $as_root apt-get update -qq >&2 &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}

prepare() {
  lock=$1
  shift
  install_packages "$@"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo '需要 Python 3.11 或更新（Debian 12、Ubuntu 24.04 自带）' >&2
    exit 1
  }
  # 换了锁、项目或 Python，都要重装
  stamp=$({ cat "$lock" pyproject.toml scripts/prepare.sh && python3 --version; } | sha256sum)
  [ -x .venv/bin/yunheng ] && [ "$(cat .venv/.yunheng-"$lock" 2>/dev/null)" = "$stamp" ] && return 0
  echo '准备 .venv …' >&2
  # 没装完的、Python 升级以后失效的环境，整个重建
  .venv/bin/python -m pip --version >/dev/null 2>&1 || {
    rm -rf .venv
    python3 -m venv .venv
  }
  .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock" >&2
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
  printf '%s\n' "$stamp" >.venv/.yunheng-"$lock"
}
