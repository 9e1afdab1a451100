"""Sign-in, browser policy and machine access: shared by every kind of settings."""

from datetime import timedelta
from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

AUTHENTICATION_BACKENDS = [
    # First, so that a locked-out pair of name and address never reaches the password check.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    # Read, never chosen for new passwords: accounts brought over from an older system.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Name and address together, so that a colleague's typing errors lock nobody else out, and address alone is
# not enough: an office shares one.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_TEMPLATE = "desk/locked.html"
# The library's own text has no Chinese.
AXES_COOLOFF_MESSAGE = _("Too many failed attempts to sign in. Try again in fifteen minutes.")

# A session lasts eight hours from signing in (base.py), a working day; it is not renewed by each request,
# which would also cost a write each time.
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # 'unsafe-eval': the admin theme ships Alpine.js in its ordinary build, which compiles the x-…
        # attributes of its templates with new Function(). Without it the theme's menus, tabs and dialogs are
        # dead. It lets no foreign script in: scripts still come from us alone, inline ones only with a nonce.
        "script-src": [SELF, NONCE, UNSAFE_EVAL],
        # The theme and Alpine's x-show set style attributes, for which no nonce exists.
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

OAUTH2_PROVIDER_APPLICATION_MODEL = "api.Client"
# The two kinds of client. The texts are shown where scopes are given; the contract has them in English.
HOUSE_SCOPES = {
    # Core banking, the dialler, the lender's app.
    "loans:read": _("Read loans and their instalments"),
    "loans:write": _("Bring in loans and their changes"),
    "repayments:read": _("Read repayments and how they were allocated"),
    "repayments:write": _("Report repayments"),
    "cases:read": _("Read collection cases"),
    "collectors:read": _("Read agencies and collectors"),
    "contacts:read": _("Read contact attempts"),
    "contacts:check": _("Ask whether a person may be contacted now"),
    "contacts:write": _("Report contact attempts and their outcomes"),
    "consents:write": _("Report consents and stop requests"),
    "support:write": _("Ask for support on a borrower's behalf"),
    "complaints:read": _("Read complaints and their progress"),
    "complaints:write": _("File complaints and add to them"),
    "bureau:read": _("Read credit bureau submissions"),
    "audit:read": _("Read the audit trail"),
}
MEDIATION_SCOPES = {
    "referrals:read": _("List and read referrals and their events"),
    "referrals:act": _("Accept, decline, suspend, resume, extend and close referrals"),
    "parties:read": _("Read names and contact data of the parties"),
    "documents:read": _("Read documents of a referral"),
    "documents:write": _("Add documents to a referral"),
    "messages:write": _("Write to the creditor or the consumer"),
    "settlements:write": _("Offers, settlements, signatures and confirmations"),
    "applications:write": _("Send consumers who came to the centre first"),
    "webhooks:manage": _("Manage one's own webhook endpoints"),
}
OAUTH2_PROVIDER: dict[str, Any] = {
    "SCOPES": HOUSE_SCOPES | MEDIATION_SCOPES,
    # Never these by leaving the parameter out: the validator answers the client's own.
    "DEFAULT_SCOPES": [],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 900,
    "OAUTH2_VALIDATOR_CLASS": "backoffice.api.oauth.ClientSecretValidator",
    # Knows client credentials and nothing else: the grants with people in them do not exist here.
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    # The OAuth security practice of RFC 9700 in full: tokens stored as hashes and never taken from a URL, and
    # what belongs to the grants that do not exist here shut as well, should anyone ever open one.
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
}
