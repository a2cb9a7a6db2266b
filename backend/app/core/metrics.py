"""Every metric that Vividly declares, in one place.

Names and labels of the first thirteen are the plan's (R069 to R081); the rest are the
instruments that its panels and alerts need and that it forgot (N2). ``ip_address`` and
``email`` keep their names and carry keyed pseudonyms, bounded in number: the heaviest
keep series of their own, the rest fold into ``other`` (decision D-6).

Recording is an addition in memory: it does no I/O and never fails a request.

>>> LOGIN_ATTEMPTS.name
'vividly_auth_login_attempts_total'
"""

from app.core.vocabulary import ErrorType, Outcome, Role, Stage, StageStatus
from tocsin.health.metrics import HealthMetrics
from tocsin.telemetry.delivery import DeliveryMetrics
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient, bounded, one_of, pseudonym
from tocsin.telemetry.process_metrics import ProcessMetrics
from tocsin.telemetry.release import ReleaseMetrics

UNKNOWN_ROLE = "unknown"
"""The role of an account that does not exist (N5)."""

_ROLES = (*Role, UNKNOWN_ROLE)
_RULES_AT_MOST = 40
_CLIENTS_AT_MOST = 50
_LIMITER_MS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0)
_SESSION_S = (60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 604800, 1209600)
_STAGE_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)

metrics_client = MetricsClient(namespace="vividly")

# --- Rate limits and lockouts -------------------------------------------------------

RATE_LIMIT_HITS = metrics_client.counter(
    "rate_limit_hits_total",
    "Rate-limit checks performed.",
    labels=(bounded("endpoint", _RULES_AT_MOST), pseudonym("ip_address", _CLIENTS_AT_MOST)),
)
RATE_LIMIT_EXCEEDED = metrics_client.counter(
    "rate_limit_exceeded_total",
    "Requests refused with 429 because a limit was used up.",
    labels=(bounded("endpoint", _RULES_AT_MOST), pseudonym("ip_address", _CLIENTS_AT_MOST)),
)
BRUTE_FORCE_LOCKOUTS = metrics_client.counter(
    "brute_force_lockouts_total",
    "Lockouts begun after too many wrong passwords.",
    labels=(pseudonym("ip_address", _CLIENTS_AT_MOST), pseudonym("email", _CLIENTS_AT_MOST)),
)
BRUTE_FORCE_ATTEMPTS = metrics_client.counter(
    "brute_force_attempts_total",
    "Failed sign-ins that count towards a lockout.",
    labels=(pseudonym("ip_address", _CLIENTS_AT_MOST),),
)
RATE_LIMIT_LATENCY = metrics_client.histogram(
    "rate_limit_middleware_latency_ms",
    "Time that a request spent in the rate limiter, in milliseconds.",
    labels=(bounded("endpoint", _RULES_AT_MOST),),
    buckets=_LIMITER_MS,
)
LIMIT_STORE_ERRORS = metrics_client.counter(
    "limit_store_errors_total",
    "Failures of the shared store, after which this process judged by its own memory.",
    labels=(one_of("purpose", "limits", "lockouts", "revocations"),),
)

# --- Sign-in and sessions ------------------------------------------------------------

LOGIN_ATTEMPTS = metrics_client.counter(
    "auth_login_attempts_total",
    "Sign-in attempts.",
    labels=(one_of("status", "success", "failure"), one_of("user_role", *_ROLES)),
)
LOGIN_FAILURES = metrics_client.counter(
    "auth_login_failures_total",
    "Failed sign-ins by reason.",
    labels=(
        one_of(
            "reason", "invalid_password", "user_not_found", "account_locked", "account_inactive"
        ),
    ),
)
TOKEN_REFRESHES = metrics_client.counter(
    "auth_token_refresh_total",
    "Refresh operations.",
    labels=(one_of("status", "success", "failure"),),
)
TOKEN_REUSES = metrics_client.counter(
    "auth_token_reuse_total",
    "Refresh tokens shown a second time; each ended its whole session.",
)
SESSION_DURATION = metrics_client.histogram(
    "auth_session_duration_seconds",
    "Life of a session, from sign-in to its end.",
    buckets=_SESSION_S,
)
ACTIVE_SESSIONS = metrics_client.gauge(
    "auth_active_sessions",
    "Sessions that are neither ended nor expired.",
    labels=(one_of("user_role", *Role),),
    across_workers="mostrecent",
)
ACTIVE_USERS = metrics_client.gauge(
    "active_users",
    "Accounts seen within the last five minutes.",
    across_workers="mostrecent",
)

# --- The content pipeline ------------------------------------------------------------

CONTENT_REQUESTS = metrics_client.counter(
    "content_generation_requests_total",
    "Requests for a lesson: taken on, finished with a lesson, failed (N4).",
    labels=(one_of("status", "pending", "completed", "failed"),),
)
CONTENT_OUTCOMES = metrics_client.counter(
    "content_generation_outcomes_total",
    "How requests ended, in full.",
    labels=(one_of("outcome", *Outcome),),
)
CONTENT_DURATION = metrics_client.histogram(
    "content_generation_duration_seconds",
    "Time per stage of the pipeline; `total` runs from asking to the end.",
    labels=(one_of("stage", *Stage, "total"),),
    buckets=_STAGE_S,
)
CONTENT_STAGES = metrics_client.counter(
    "content_generation_stages_total",
    "Attempts at a stage by how they ended.",
    labels=(one_of("stage", *Stage), one_of("status", *StageStatus)),
)
CONTENT_ERRORS = metrics_client.counter(
    "content_generation_errors_total",
    "Failed attempts at a stage by kind of error.",
    labels=(one_of("stage", *Stage), one_of("error_type", *ErrorType)),
)
QUEUE_DEPTH = metrics_client.gauge(
    "content_queue_depth",
    "Requests that wait for a worker.",
    across_workers="mostrecent",
)
QUEUE_AGE = metrics_client.gauge(
    "content_queue_oldest_age_seconds",
    "Age of the request that has waited longest; 0 when none waits.",
    across_workers="mostrecent",
)

REQUESTS_STUCK = metrics_client.gauge(
    "content_requests_stuck",
    "Requests that were begun, have not ended and are not getting on.",
    across_workers="mostrecent",
)

# --- Database ------------------------------------------------------------------------

DATABASE_POOL_IN_USE = metrics_client.gauge(
    "database_pool_connections_in_use",
    "The most connections that this process's pool had lent out at once, over 5 s.",
    across_workers="livemax",
)
DATABASE_POOL_SIZE = metrics_client.gauge(
    "database_pool_connections_max",
    "Connections that this process's pool may lend at the most.",
    across_workers="livemax",
)

DATABASE_SERVER_CONNECTIONS = metrics_client.gauge(
    "database_server_connections",
    "Connections to the database server, everybody's; PostgreSQL only.",
    across_workers="mostrecent",
)
DATABASE_SERVER_MAX = metrics_client.gauge(
    "database_server_connections_max",
    "Connections that the database server grants to ordinary users at the most.",
    across_workers="mostrecent",
)

# --- Every request, and the process ----------------------------------------------------

HTTP = HttpMetrics(metrics_client, websockets=False)  # Vividly has none
PROCESS = ProcessMetrics(metrics_client)
RELEASE = ReleaseMetrics(metrics_client)

# --- What the service stands on ---------------------------------------------------------

HEALTH = HealthMetrics(
    metrics_client,
    "database",
    "clock",
    "redis",
    "artefacts",
    "queue",
    "worker",
    "provider",
    "exporters",
)

# --- A pupil who is none (python -m app.journey) -----------------------------------------

_JOURNEY_STEPS = ("sign_in", "ask", "lesson")
JOURNEY_STEPS = metrics_client.counter(
    "journey_steps_total",
    "Steps of the synthetic journey that were tried, by how they ended.",
    labels=(one_of("step", *_JOURNEY_STEPS), one_of("result", "well", "ill")),
)
JOURNEY_DURATION = metrics_client.gauge(
    "journey_step_duration_ms",
    "Time that each step of the last journey took, in milliseconds.",
    labels=(one_of("step", *_JOURNEY_STEPS),),
    across_workers="mostrecent",
)

# --- What leaves the process -----------------------------------------------------------

EXPORTS = DeliveryMetrics(metrics_client)
