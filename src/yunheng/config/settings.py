"""Django 的设置。数据库只有 PostgreSQL；没给 `DATABASE_URL` 就连嵌入的那一个。"""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONE, SELF

from . import environment
from .database import APP, OWNER, Cluster

_PACKAGE = Path(__file__).parents[1]

DEMO = environment.demo()
#: 演示环境恢复初始数据的请求放在哪里（只有嵌入的数据库才能恢复）
DEMO_RESET = environment.reset_request() if DEMO else None
DATABASE_LOG = environment.database_log()
DEBUG = False
SECRET_KEY = environment.secret_key()
ALLOWED_HOSTS = os.environ.get("YUNHENG_HOSTS", "*" if DEMO else "localhost,127.0.0.1").split(",")
#: 哪个区：写进数据包和结算书
DISTRICT = os.environ.get("YUNHENG_DISTRICT", "松江区")
#: 外发：邮件服务器（smtp://用户:口令@主机:端口，smtps 是全程加密）、消息网关的地址、写进链接的本站地址
_mail = environment.mail_server(os.environ.get("YUNHENG_MAIL", ""))
MAIL_READY = bool(_mail)
EMAIL_HOST, EMAIL_PORT = _mail.get("host", ""), _mail.get("port", 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("user", ""), _mail.get("password", "")
EMAIL_USE_SSL = _mail.get("ssl", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("YUNHENG_MAIL_FROM", "yunheng@localhost")
WEBHOOK = os.environ.get("YUNHENG_WEBHOOK", "")
SITE_URL = os.environ.get("YUNHENG_SITE", "http://127.0.0.1:8000").rstrip("/")
ROOT_URLCONF = "yunheng.config.urls"
WSGI_APPLICATION = "yunheng.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "csp",
    "django_htmx",
    "yunheng.audit",
    "yunheng.orgs",
    "yunheng.cases",
    "yunheng.catalog",
    "yunheng.ledger",
    "yunheng.security",
    "yunheng.applications",
    "yunheng.assessment",
    "yunheng.settlement",
    "yunheng.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "yunheng.orgs.middleware.request_number",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "yunheng.orgs.middleware.refuse_nul",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "yunheng.orgs.middleware.identify",
    "yunheng.web.errors.explain_refusals",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "yunheng.web.context.frame",
            ],
            "builtins": ["yunheng.web.templatetags.yunheng"],
        },
    }
]


def _database_url() -> str:
    """日常用应用角色；`YUNHENG_AS=owner` 时用属主（迁移、核对、备份）。"""
    owner = os.environ.get("YUNHENG_AS") == "owner"
    if given := os.environ.get(environment.OWNER_URL if owner else environment.APP_URL):
        return given
    return Cluster.at(environment.data_folder()).url(OWNER if owner else APP)


DATABASES = {"default": environment.database(_database_url())}

AUTH_USER_MODEL = "orgs.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "yunheng.orgs.signon.LdapBackend",
    "yunheng.orgs.signon.OidcBackend",
]
# 统一身份认证：没配的就没有
OIDC = environment.oidc(os.environ)
CAS = os.environ.get("YUNHENG_CAS", "")
LDAP = environment.ldap(os.environ)
AXES_WHITELIST_CALLABLE = "yunheng.orgs.signon.skip_lock"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "yunheng.orgs.passwords.MixedCharacters"},
]
LOGIN_URL = "/login/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
# 锁的是账号：换地址、换浏览器都一样锁（R-111）
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
AXES_LOCKOUT_CALLABLE = "yunheng.orgs.views.locked_out"
OTP_TOTP_ISSUER = "云衡"

SESSION_COOKIE_AGE = 30 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "yunheng_session"
CSRF_COOKIE_NAME = "yunheng_csrf"
CSRF_FAILURE_VIEW = "yunheng.web.errors.csrf_failure"
CSRF_COOKIE_HTTPONLY = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if os.environ.get("YUNHENG_HTTPS") == "1":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31536000
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "yunheng.config.formats"

STATIC_URL = "/static/"
STATICFILES_DIRS = [_PACKAGE / "web" / "assets"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 86400

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"axes": {"level": "ERROR"}},
}
