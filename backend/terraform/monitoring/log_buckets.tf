# How long log lines are kept (R219). Metrics cannot be told: Google keeps them 24 months.
# Lines about pupils' lessons go after 30 days; those about attacks are kept longer, apart.
resource "google_logging_project_bucket_config" "ordinary" {
  count = var.owns_project_settings ? 1 : 0

  project        = var.project_id
  location       = "global"
  bucket_id      = "_Default" # exists in every project: Terraform takes it over, and lets it be at the end
  retention_days = var.log_retention_days

  depends_on = [google_project_service.enabled]
}

resource "google_logging_project_bucket_config" "security" {
  project        = var.project_id
  location       = var.region
  bucket_id      = "vividly-security-${var.environment}"
  description    = "Sign-in and attacks in ${var.environment}, by pseudonym."
  retention_days = var.security_log_retention_days

  depends_on = [google_project_service.enabled]
}

locals {
  ours = "labels.service=\"vividly-api\" AND labels.environment=\"${local.namespace}\""

  # The messages of backend/app that tell of sign-in, rights and attacks.
  security_events = [
    "access_refused",
    "brute_force_lockout",
    "login_failed",
    "login_succeeded",
    "password_reset_done",
    "password_reset_not_sent",
    "password_reset_sent",
    "password_spraying",
    "refresh_token_reused",
    "registration_refused",
    "token_refresh_refused",
  ]
}

resource "google_logging_project_sink" "security" {
  name        = "vividly-security-${var.environment}"
  description = "Copies lines about sign-in and attacks to the bucket that keeps them longer."
  destination = join("/", [
    "logging.googleapis.com/projects/${var.project_id}",
    "locations/${google_logging_project_bucket_config.security.location}",
    "buckets/${google_logging_project_bucket_config.security.bucket_id}",
  ])
  filter = "${local.ours} AND jsonPayload.message=(${join(" OR ", [for event in local.security_events : "\"${event}\""])})"

  # A bucket in the same project needs no grant (google/logging/v2/logging_config.proto, writer_identity).
  unique_writer_identity = true
}
