"""Superset's settings: everything in one folder, no examples, nothing asked of the outside.

Superset reads this file by ``SUPERSET_CONFIG_PATH``; ``server.py`` sets that and the folder.
"""

import os
from pathlib import Path

_HOME = Path(os.environ["COMMUNITY_SUPERSET_HOME"])

SECRET_KEY = (_HOME / "secret_key").read_text(encoding="ascii").strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{_HOME / 'superset.db'}"
DATA_DIR = str(_HOME)

BABEL_DEFAULT_LOCALE = "zh"
LANGUAGES = {
    "zh": {"flag": "cn", "name": "简体中文"},
    "en": {"flag": "us", "name": "English"},
}
D3_FORMAT = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["¥", ""]}

# The page may load from this server only. It is what stops the tracking pixel of Superset's front end and map tiles.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,  # it listens on the loopback only
    "session_cookie_secure": False,
}
SESSION_COOKIE_SAMESITE = "Strict"
FAB_ADD_SECURITY_API = False
LOG_LEVEL = "WARNING"
