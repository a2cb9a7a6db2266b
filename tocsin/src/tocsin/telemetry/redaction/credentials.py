"""Secrets that give themselves away by their own form, wherever they stand.

Only prefixes that their makers document as such are used: a PagerDuty key, say, is 32
plain hex digits, like any hash, and is hidden by its name alone.

>>> masked_credentials("sent Bearer abc.def-123 and got the plan Basic English")
'sent Bearer [redacted] and got the plan Basic English'
"""

import base64
import binascii
import re
from typing import Final

from tocsin.telemetry.redaction.keys import is_secret_key
from tocsin.telemetry.redaction.mask import MASK

# Words that follow «bearer» in a sentence or in a WWW-Authenticate challenge (RFC 6750, 3).
_PLAIN_WORDS: Final = """
    bearer basic authentication auth authorization token tokens scheme realm error scope header
    is was of and or in not required missing challenge credentials prefix type value
"""
_SIGNS: Final = r"[A-Za-z0-9._~+/-]"
_BEARER: Final = re.compile(
    r"(?i)(?<![A-Za-z0-9])(bearer)([\s:=]++|%20|\+)"
    rf"(?!(?:{'|'.join(_PLAIN_WORDS.split())})(?:\.?(?!{_SIGNS})))({_SIGNS}++=*+)"
)
_BASIC: Final = re.compile(r"(?i)(?<![A-Za-z0-9])(basic)([ \t]++|%20)([A-Za-z0-9+/_-]{4,}+=*+)")
# «the password is …»: what mixes letters and digits is hardly a word of the sentence.
_SPOKEN: Final = re.compile(
    r"""
    (?i:(?<![a-z])(?:pass(?:word|phrase|code|wd)|pwd|token|secret|api[ ]key))
    [\s"'`]{1,3} (?:(?:is|was|to|of|for)[ ]|->?[ ])? ["'`]?
    (?P<value> (?=[^\s\d]*+\d) (?=[\d\W_]*+[^\W\d_]) [^\s,;"'`<>()\[\]]{6,}+ )
    """,
    re.VERBOSE,
)
_SPOKEN_CODE: Final = re.compile(
    r"(?i:(?<![a-z])(?:passcode|pin|otp|(?:verification|one-time|login|security) code))"
    r"[\s:]{1,3}(?:is |was )?(?P<value>\d{4,8})(?![\w-]|[ ]\d)"
)
_SPOKEN_OF: Final = (
    "assw", "assp", "assc", "pwd", "oken", "ecret", "pi key", "otp", " code", "pin",
    "ASSW", "ASSP", "ASSC", "PWD", "OKEN", "ECRET", "PI KEY", "OTP", " CODE", "PIN",
)  # fmt: skip
# The head of a card's or telephone's number, which is hidden whole by its own rule.
_FEW_DIGITS: Final = re.compile(r"\+?\d{1,8}\Z")
_PEM: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,4}(?:PRIVATE KEY|PGP MESSAGE)(?: BLOCK)?-----"
    r"(?:[^-]|-(?!----END))*+(?:-----END [A-Z0-9 ]{1,60}+-----)?"
)
# SQLAlchemy's `[parameters: …]` (https://docs.sqlalchemy.org/en/20/core/engines.html,
# hide_parameters) and PostgreSQL's failing rows hold whole records (defect D28).
_RECORD: Final = re.compile(r"(\[parameters: |Failing row contains )(?!\[redacted\])[^\n\r]++")

_BOUNDARY: Final = r"(?<![A-Za-z0-9])"
_KEYS: Final = re.compile(
    _BOUNDARY
    + r"""(?:
    eyJ[\w-]{10,}+(?:\.[\w-]*+){0,4}                      # JWT and JWE, RFC 7519
    | AIza[\w-]{30,}+ | ya29\.[\w.-]{20,}+ | GOCSPX-[\w-]{20,}+ | 1//0[\w-]{20,}+    # Google
    | sk-(?=[A-Za-z_-]{0,64}+\d)[\w-]{16,}+       # OpenAI, Anthropic
    | (?:sk|rk)_(?:live|test)_\w{10,}+ | whsec_[\w+/=-]{16,}+     # Stripe
    | gh[oprsu]_[A-Za-z0-9]{20,}+ | github_pat_\w{20,}+   # GitHub
    | glpat-[\w-]{16,}+                                   # GitLab
    | xox[a-z]-[\w-]{10,}+ | xapp-[\w-]{10,}+             # Slack
    | (?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])            # Amazon
    | SG\.[\w-]{16,}+\.[\w-]{16,}+                        # SendGrid
    | hf_[A-Za-z0-9]{20,}+ | npm_[A-Za-z0-9]{30,}+ | pypi-AgE[\w-]{20,}+
    )
    # hashes of passwords
    | \$(?:argon2(?:id|i|d)|scrypt|2[abxy]|pbkdf2[\w-]*+|[156y])\$[\w./+=,$-]{10,}+
    """,
    re.VERBOSE,
)
_DIGIT: Final = re.compile(r"[0-9]")
# Every alternative above holds one of these; `in` is the cheapest test that there is.
_HINTS: Final = (
    "eyJ", "AIza", "sk-", "k_live_", "k_test_", "xox", "xapp-", "AKIA", "ASIA", "ya29.", "GOCSPX-",
    "1//0", "whsec_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "SG.",
    "hf_", "npm_", "pypi-", "$",
)  # fmt: skip


def masked_credentials(text: str) -> str:
    """``text`` without tokens, keys, password hashes and database records."""
    if "-----BEGIN " in text:
        text = _PEM.sub(MASK, text)
    if "[parameters: " in text or "Failing row" in text:
        text = _RECORD.sub(_record, text)
    if "earer" in text or "EARER" in text:
        text = _BEARER.sub(_bearer, text)
    if "asic" in text or "ASIC" in text:
        text = _BASIC.sub(_basic, text)
    if _DIGIT.search(text) is not None and _holds_any(text, _SPOKEN_OF):
        text = _SPOKEN_CODE.sub(_named_value, _SPOKEN.sub(_named_value, text))
    return _KEYS.sub(MASK, text) if _holds_any(text, _HINTS) else text


def _holds_any(text: str, hints: tuple[str, ...]) -> bool:
    for hint in hints:  # noqa: SIM110 - a generator costs as much as the search
        if hint in text:
            return True
    return False


def _named_value(match: re.Match[str]) -> str:
    return match[0][: match.start("value") - match.start()] + MASK


def _record(match: re.Match[str]) -> str:
    return match[1] + MASK + ("]" if match[1].startswith("[") else "")


def _bearer(match: re.Match[str]) -> str:
    token = match[3].rstrip("=")
    if _FEW_DIGITS.match(token) is not None:
        return match[0]
    after = match.string[match.end() : match.end() + 1]
    if (after == ":" or match[3] != token) and is_secret_key(token):
        return match[0]  # `Bearer password=…`: a name, whose value is hidden for its sake
    return f"{match[1]}{match[2]}{MASK}"


def _basic(match: re.Match[str]) -> str:
    """Hide what decodes to ``user:password``; «basic» is also a plain word."""
    return f"{match[1]}{match[2]}{MASK}" if _is_basic(match[3]) else match[0]


def _is_basic(token: str) -> bool:
    body = token.rstrip("=").replace("-", "+").replace("_", "/")
    body = body[: len(body) - (len(body) % 4 == 1)]
    try:
        plain = base64.b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return False
    return b":" in plain and all(byte >= 32 for byte in plain)  # noqa: PLR2004 - below are controls
