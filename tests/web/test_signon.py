"""统一身份认证：真的 OIDC 服务器、真的 LDAP 服务器、按协议答的 CAS；没登记的、伪造的、连不上的都进不来（R-113）。"""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from oidc_provider_mock import User, run_server_in_thread

from tests.web.test_pages import PASSWORD, post_login
from yunheng.audit.models import Entry
from yunheng.orgs import signon
from yunheng.orgs.models import Person

pytestmark = pytest.mark.django_db


def landed(response: Any) -> str:
    """去了哪里。"""
    assert response.status_code == 302
    return str(response.headers["Location"])


# ── OIDC ──


@pytest.fixture
def oidc(settings: Any) -> Iterator[str]:
    signon.discovered.cache_clear()
    people = [
        User(sub="1", claims={"preferred_username": "demo.mzj"}),
        User(sub="2", claims={"preferred_username": "外面的人"}),
        User(sub="3", claims={}),
    ]
    with run_server_in_thread(user_claims=people) as server:
        issuer = f"http://localhost:{server.server_port}"
        settings.OIDC = {"issuer": issuer, "client": "云衡", "secret": "机密", "claim": "preferred_username"}
        yield issuer
    signon.discovered.cache_clear()


def through_oidc(sub: str, client: Client) -> Any:
    """浏览器走一遍：到认证服务器，选人，带着授权码回来。"""
    away = landed(client.get("/login/oidc/?next=/cases/"))
    back = requests.post(away, data={"sub": sub}, allow_redirects=False, timeout=10).headers["Location"]
    parts = urlsplit(back)
    return client.get(f"{parts.path}?{parts.query}")


@pytest.mark.usefixtures("oidc")
def test_R113_OIDC_登记过的进来_回到原来要去的页_记审计() -> None:
    client = Client()
    assert landed(through_oidc("1", client)) == "/cases/"
    assert client.get("/cases/").status_code == 200
    assert Entry.objects.filter(action="登录", subject="demo.mzj").exists()


@pytest.mark.usefixtures("oidc")
@pytest.mark.parametrize("sub", ["2", "3"])
def test_R113_OIDC_没登记的_没给登录名的_进不来_也不建账号(sub: str) -> None:
    before = Person.objects.count()
    client = Client()
    assert landed(through_oidc(sub, client)) == "/login/?reason=sso"
    assert "没有在本系统登记" in client.get("/login/?reason=sso").content.decode()
    assert Person.objects.count() == before
    assert client.get("/cases/").status_code == 302


@pytest.mark.usefixtures("oidc")
def test_R113_OIDC_停用的进不来() -> None:
    Person.objects.filter(username="demo.mzj").update(is_active=False)
    assert landed(through_oidc("1", Client())) == "/login/?reason=sso"


@pytest.mark.usefixtures("oidc")
def test_R113_OIDC_伪造的state_用过的授权码_直接闯回来的_都进不来() -> None:
    client = Client()
    assert landed(client.get("/login/oidc/back/?code=x&state=y")) == "/login/?reason=sso"
    client.get("/login/oidc/")
    assert landed(client.get("/login/oidc/back/?code=x&state=y")) == "/login/?reason=sso"
    state = next(iter(client.session["oidc_states"]))
    assert landed(client.get(f"/login/oidc/back/?code=猜的&state={state}")) == "/login/?reason=sso"
    assert landed(client.get("/login/oidc/back/?error=access_denied")) == "/login/?reason=sso"


@pytest.mark.usefixtures("oidc")
def test_R111_登记过动态口令的_统一认证之后仍要第二重() -> None:
    TOTPDevice.objects.create(user=Person.objects.get(username="demo.mzj"), confirmed=True)
    client = Client()
    through_oidc("1", client)
    assert landed(client.get("/cases/")) == "/login/code/"


@pytest.mark.usefixtures("oidc")
def test_R113_统一认证来的_不用改本系统的初始口令(settings: Any) -> None:
    settings.DEMO = False
    Person.objects.filter(username="demo.mzj").update(must_change_password=True)
    client = Client()
    through_oidc("1", client)
    assert client.get("/cases/").status_code == 200
    other = Client()
    post_login(other, "demo.mzj", PASSWORD)
    assert landed(other.get("/cases/")) == "/password/"


@pytest.mark.usefixtures("oidc")
def test_R113_OIDC_发给别的系统的令牌不认(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = OIDCAuthenticationBackend.verify_token

    def forged(self: Any, token: str, **given: Any) -> Any:
        return {**real(self, token, **given), "aud": "别的系统"}

    monkeypatch.setattr(OIDCAuthenticationBackend, "verify_token", forged)
    assert landed(through_oidc("1", Client())) == "/login/?reason=sso"
    assert settings.OIDC["client"] != "别的系统"


def test_R113_OIDC服务器连不上_说明_口令照常能登(settings: Any) -> None:
    signon.discovered.cache_clear()
    settings.OIDC = {"issuer": "http://127.0.0.1:9", "client": "c", "secret": "s", "claim": "sub"}
    client = Client()
    assert landed(client.get("/login/oidc/")) == "/login/?reason=sso-down"
    page = client.get("/login/?reason=sso-down").content.decode()
    assert "统一身份认证服务器连不上" in page
    assert "/login/oidc/" in page
    assert landed(post_login(client, "demo.mzj", PASSWORD)) == "/"


def test_没配的统一认证_没有这些地址_登录页也不出现() -> None:
    client = Client()
    for path in ("/login/oidc/", "/login/oidc/back/", "/login/cas/"):
        assert client.get(path).status_code == 404
    assert "统一身份认证" not in client.get("/login/").content.decode()


# ── CAS ──


@pytest.fixture
def cas(settings: Any) -> Iterator[None]:
    """按 CAS 3.0 答的服务器：票据就是登录名，一张只认一次，服务地址要对得上。"""
    used: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            name = asked.get("ticket", "").removeprefix("ST-")
            good = asked.get("service") == "http://testserver/login/cas/" and name and name not in used
            used.add(name)
            inner = (
                f"<cas:authenticationSuccess><cas:user>{name}</cas:user></cas:authenticationSuccess>"
                if good
                else '<cas:authenticationFailure code="INVALID_TICKET">票据不对</cas:authenticationFailure>'
            )
            body = f'<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{inner}</cas:serviceResponse>'
            self.send_response(200)
            self.end_headers()
            self.wfile.write((body if name != "乱答" else "<不是 XML").encode())

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CAS = f"http://127.0.0.1:{server.server_port}/cas/"
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("cas")
def test_R113_CAS_登记过的进来_票据只认一次() -> None:
    client = Client()
    assert "/cas/login?service=" in landed(client.get("/login/cas/"))
    assert landed(client.get("/login/cas/?ticket=ST-demo.shy")) == "/"
    assert client.get("/todo/").status_code == 200
    assert landed(Client().get("/login/cas/?ticket=ST-demo.shy")) == "/login/?reason=sso"


@pytest.mark.usefixtures("cas")
@pytest.mark.parametrize(("ticket", "reason"), [("ST-外面的人", "sso"), ("ST-", "sso"), ("ST-乱答", "sso-down")])
def test_R113_CAS_没登记的_票据不对的_乱答的_进不来(ticket: str, reason: str) -> None:
    assert landed(Client().get("/login/cas/", {"ticket": ticket})) == f"/login/?reason={reason}"


# ── LDAP ──

_CONFIG = """
modulepath /usr/lib/ldap
moduleload back_mdb
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {folder}/pid
database mdb
suffix "dc=qu,dc=cn"
rootdn "cn=admin,dc=qu,dc=cn"
directory {folder}/data
"""
_ENTRIES = """
dn: dc=qu,dc=cn
objectClass: dcObject
objectClass: organization
o: qu
dc: qu

dn: ou=people,dc=qu,dc=cn
objectClass: organizationalUnit
ou: people

dn: uid=demo.shy,ou=people,dc=qu,dc=cn
objectClass: inetOrgPerson
uid: demo.shy
cn: wang
sn: wang
userPassword: Ldap-secret-1

dn: uid=nobody,ou=people,dc=qu,dc=cn
objectClass: inetOrgPerson
uid: nobody
cn: no
sn: no
userPassword: Ldap-secret-2
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """起在环回上的 slapd。"""
    slapd = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert slapd, "没有 slapd，请先装（./test 会装）"
    folder: Path = tmp_path_factory.mktemp("ldap")
    (folder / "data").mkdir()
    (folder / "slapd.conf").write_text(_CONFIG.format(folder=folder), encoding="ascii")
    (folder / "all.ldif").write_text(_ENTRIES, encoding="ascii")
    config = str(folder / "slapd.conf")
    add = [slapd, "-T", "add", "-f", config, "-l", str(folder / "all.ldif")]
    subprocess.run(add, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([slapd, "-f", config, "-h", f"ldap://127.0.0.1:{port}", "-d", "0"])
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"ldap://127.0.0.1:{port}"
    server.terminate()
    server.wait()


@pytest.fixture
def ldap(directory: str, settings: Any) -> None:
    settings.LDAP = {"server": directory, "user": "uid={username},ou=people,dc=qu,dc=cn"}


@pytest.mark.usefixtures("ldap")
def test_R113_LDAP_口令对的进来_本地口令也照常() -> None:
    assert landed(post_login(Client(), "demo.shy", "Ldap-secret-1")) == "/"
    assert landed(post_login(Client(), "demo.shy", PASSWORD)) == "/"


@pytest.mark.usefixtures("ldap")
@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("demo.shy", "不对"),
        ("demo.shy", ""),
        ("nobody", "Ldap-secret-2"),
        ("demo.shy,ou=people,dc=qu,dc=cn", "Ldap-secret-1"),
        ("*", "Ldap-secret-1"),
    ],
)
def test_R113_LDAP_口令不对_空口令_没登记_注入_都进不来(username: str, password: str) -> None:
    assert post_login(Client(), username, password).status_code == 401


@pytest.mark.usefixtures("ldap")
def test_R111_LDAP_错五次一样锁() -> None:
    for _ in range(5):
        post_login(Client(), "demo.shy", "不对")
    assert post_login(Client(), "demo.shy", "Ldap-secret-1").status_code == 403


def test_R113_LDAP连不上_本地口令照常(settings: Any) -> None:
    settings.LDAP = {"server": "ldap://127.0.0.1:9", "user": "uid={username}"}
    assert post_login(Client(), "demo.shy", "Ldap-secret-1").status_code == 401
    assert landed(post_login(Client(), "demo.shy", PASSWORD)) == "/"
