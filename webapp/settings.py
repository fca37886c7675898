"""Django's settings: one file, fed from the environment (see `webapp.environment`)."""

from csp.constants import NONE, SELF, UNSAFE_INLINE

from telemetry.logs import formatter
from webapp.environment import ROOT, database, read

ENVIRONMENT = read()

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
ALLOWED_HOSTS = list(ENVIRONMENT.hosts)
CSRF_TRUSTED_ORIGINS = list(ENVIRONMENT.origins)
ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOMS = [
    "accounts",
    "workspaces",
    "pipelines",
    "runs",
    "artifacts",
    "gallery",
    "models",
    "collections",
    "triggers",
    "secrets",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "channels",
    *(f"webapp.{room}" for room in ROOMS if (ROOT / "webapp" / room / "apps.py").exists()),
    "webapp.pages",
]
MIGRATION_MODULES = {room: f"migrations.{room}" for room in ROOMS}

MIDDLEWARE = [
    "webapp.watch.middleware.Watched",
    "csp.middleware.CSPMiddleware",
    "webapp.pages.security.SecurityHeaders",
    "webapp.pages.assets.Assets",
    "webapp.api.problems.Problems",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "webapp" / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request", "webapp.pages.words.spoken"]},
    }
]

# --- data -------------------------------------------------------------------------------------------------------------
DATABASES = {"default": database(ENVIRONMENT.database_url)}
DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 28, "timeout": 4.0, "max_idle": 120.0}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
BROKER_URL = ENVIRONMENT.broker_url
MOST_QUEUED = ENVIRONMENT.most_queued
METRICS_TOKEN = ENVIRONMENT.metrics_token
GENAISYS_HOME = ENVIRONMENT.home
GENAISYS_MODELS = ENVIRONMENT.models
GENAISYS_TEMPLATES = ROOT / "templates"
ARTIFACTS = ENVIRONMENT.artifacts
UPLOAD_LIMIT = 512 * 1024 * 1024  # bytes of one request that carries files
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # bytes of any other request
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- who is there -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
# A name of its own for each port: cookies don't know ports, and two studios on one machine would sign each other out.
SESSION_COOKIE_NAME = f"genaisys-{ENVIRONMENT.port}"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.https
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "webapp.pages.errors.csrf_failure"

# --- the browser's rules ----------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # React Flow places nodes by style attributes.
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        # 'self' covers ws: and wss: to the same host.
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
    }
}
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if ENVIRONMENT.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.https else None

# --- files the browser loads ------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "webapp" / "static"]
FRONTEND = ROOT / "frontend" / "dist"
WHITENOISE_ROOT = FRONTEND if FRONTEND.is_dir() else None
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/.+-[\w-]{8,}\.\w+$"

# --- words ------------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
APPEND_SLASH = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": formatter, "plain": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # A 404 or a 422 is the client's business and no line in the log.
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "webapp": {"handlers": ["console"], "level": "INFO"},
        "uvicorn": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
