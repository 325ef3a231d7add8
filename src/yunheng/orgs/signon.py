"""统一身份认证：OIDC、CAS、LDAP（R-113）。

都只认系统管理员登记过的人（按登录名对上），不自动建账号；登记过动态口令的仍要第二重验证。
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt
import ldap3
import requests
from cas import CASClientV3, CASError
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest
from ldap3.core.exceptions import LDAPException
from ldap3.utils.dn import escape_rdn
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from .models import Person

_TIMEOUT = 10
_log = logging.getLogger(__name__)


class NotReached(Exception):
    """认证服务器连不上，或回的不对。"""


def known(username: str) -> Person | None:
    """登记过、启用着的人；没有登记过的不建账号。"""
    return Person.objects.filter(username=username, is_active=True).first() if username else None


# ── OIDC ──


@lru_cache(maxsize=4)
def discovered(issuer: str) -> Mapping[str, str]:
    """OIDC 服务器的各个地址；连不上抛 NotReached，不记住，下次再问。"""
    try:
        response = requests.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=_TIMEOUT)
        response.raise_for_status()
        found: Mapping[str, str] = response.json()
    except (requests.RequestException, ValueError) as error:
        raise NotReached(f"统一身份认证服务器 {issuer} 连不上：{error}") from error
    return found


def oidc_setting(name: str, *default: Any) -> Any:
    """mozilla-django-oidc 要的各项设置：地址由发现得来，其余按本系统的规定。"""
    own = {
        "OIDC_RP_CLIENT_ID": settings.OIDC["client"],
        "OIDC_RP_CLIENT_SECRET": settings.OIDC["secret"],
        "OIDC_RP_SIGN_ALGO": "RS256",
        "OIDC_RP_SCOPES": "openid profile",
        "OIDC_CREATE_USER": False,
        "OIDC_USE_PKCE": True,
        "OIDC_TIMEOUT": _TIMEOUT,
        "OIDC_AUTHENTICATION_CALLBACK_URL": "oidc-callback",
        "LOGIN_REDIRECT_URL_FAILURE": "/login/?reason=sso",
    }
    endpoints = {
        "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
        "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
        "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
        "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
    }
    if name in endpoints:
        return discovered(settings.OIDC["issuer"])[endpoints[name]]
    return own.get(name, getattr(settings, name, default[0] if default else None))


class OidcBackend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """拿 OIDC 服务器给的登录名找人。"""

    def __init__(self) -> None:
        # 取人（get_user）时不必问服务器；真要登录时才备齐各个地址
        self.UserModel = Person

    @staticmethod
    def get_settings(name: str, *default: Any) -> Any:
        """见 oidc_setting。"""
        return oidc_setting(name, *default)

    def authenticate(self, request: HttpRequest | None, **given: Any) -> Person | None:
        """只管 OIDC 的回来；口令登录不归它。"""
        if "nonce" not in given or not settings.OIDC:
            return None
        super().__init__()
        person: Person | None = super().authenticate(request, **given)
        return person

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        """验签用的公钥：令牌写了 kid 的按 kid；没写的，只有一把钥匙时用那一把（OIDC 允许不写）。"""
        response = requests.get(self.OIDC_OP_JWKS_ENDPOINT, timeout=_TIMEOUT)
        response.raise_for_status()
        keys = jwt.PyJWKSet.from_dict(response.json()).keys
        wanted = jwt.get_unverified_header(token).get("kid")
        found = [key for key in keys if key.key_id == wanted] if wanted else keys
        if len(found) != 1:
            raise SuspiciousOperation("令牌的签名公钥找不到，或不止一把")
        return found[0]

    def verify_token(self, token: str, **given: Any) -> Mapping[str, Any]:
        """验签、验一次性随机数（库做），再验是这家发的、发给本系统的（库不验）。"""
        payload: Mapping[str, Any] = super().verify_token(token, **given)
        audience = payload.get("aud")
        if settings.OIDC["client"] not in (audience if isinstance(audience, list) else [audience]):
            raise SuspiciousOperation("令牌不是发给本系统的")
        if payload.get("iss") != discovered(settings.OIDC["issuer"]).get("issuer"):
            raise SuspiciousOperation("令牌不是这家认证服务器发的")
        return payload

    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        """要有说好的那一项登录名。"""
        return bool(claims.get(settings.OIDC["claim"]))

    def filter_users_by_claims(self, claims: Mapping[str, Any]) -> QuerySet[Person]:
        """登记过的那个人。"""
        return Person.objects.filter(username=str(claims[settings.OIDC["claim"]]), is_active=True)


# ── CAS ──


def cas_client(service: str) -> CASClientV3:
    """连 CAS 服务器的客户端；`service` 是登录后回来的地址。"""
    return CASClientV3(server_url=settings.CAS, service_url=service)


def cas_person(service: str, ticket: str) -> Person | None:
    """拿票据问 CAS 是谁；票据不对、没登记过为 None，连不上抛 NotReached。"""
    try:
        username, _, _ = cas_client(service).verify_ticket(ticket)
    except (requests.RequestException, CASError, ValueError, SyntaxError) as error:
        raise NotReached(f"CAS 服务器连不上或回的不对：{error}") from error
    return known(str(username or ""))


# ── LDAP ──


class LdapBackend(BaseBackend):
    """用登录名和口令去 LDAP 绑定；绑上了、又登记过的，就是那个人。"""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **given: Any
    ) -> Person | None:
        """LDAP 连不上当没登上，记在日志里；本地口令照常能用。"""
        del request, given
        # 空口令绑定在 LDAP 里是匿名登录，必定成功，不能放过
        if not settings.LDAP or not username or not password or (person := known(username)) is None:
            return None
        name = settings.LDAP["user"].replace("{username}", escape_rdn(username))
        try:
            server = ldap3.Server(settings.LDAP["server"], connect_timeout=_TIMEOUT)
            with ldap3.Connection(server, user=name, password=password, receive_timeout=_TIMEOUT) as connection:
                return person if connection.bound else None
        except LDAPException as error:
            _log.warning("LDAP %s：%s", settings.LDAP["server"], error)
            return None

    def get_user(self, user_id: int) -> Person | None:
        """会话里记着的人。"""
        return Person.objects.filter(pk=user_id).first()


def skip_lock(request: HttpRequest, _credentials: Mapping[str, Any] | None = None) -> bool:
    """统一身份认证回来的不算口令试错：锁账号归认证服务器管。"""
    return request.path.startswith(("/login/oidc/", "/login/cas/"))
