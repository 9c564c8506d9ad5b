import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-development-and-tests")
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "service.urls"
WSGI_APPLICATION = "service.wsgi.application"
INSTALLED_APPS = ["django.contrib.staticfiles", "schools"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
DATABASES = {
    "default": (
        {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["POSTGRES_HOST"],
            "NAME": "schools",
        }
        if "POSTGRES_HOST" in os.environ
        else {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    )
}
COMMIT_SHA = os.environ.get("COMMIT_SHA", "unknown")
