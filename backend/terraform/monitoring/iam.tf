# Who may do what. The running service may write telemetry and read none of it; Terraform may
# change what this folder holds, and grant nothing but the service's own roles.
locals {
  runtime_roles = toset(concat(
    [
      "roles/cloudtrace.agent",
      "roles/errorreporting.writer",
      "roles/logging.logWriter",
      "roles/monitoring.metricWriter",
      "roles/telemetry.tracesWriter", # traces go to telemetry.googleapis.com
    ],
    var.metric_prefix == "" ? ["roles/telemetry.metricsWriter"] : [], # and metrics, where they go by OTLP
  ))

  terraform_roles = toset([
    "roles/iam.serviceAccountViewer", # a later plan reads the accounts; the first apply makes them
    "roles/logging.configWriter",
    "roles/monitoring.alertPolicyEditor",
    "roles/monitoring.dashboardEditor",
    "roles/monitoring.notificationChannelEditor",
    "roles/monitoring.uptimeCheckConfigEditor",
    "roles/serviceusage.serviceUsageAdmin",
  ])
}

resource "google_service_account" "runtime" {
  count = var.owns_project_settings ? 1 : 0

  account_id   = "vividly-api" # as backend/deploy/cloud-run.yaml calls it
  display_name = "Vividly: the running service"

  depends_on = [google_project_service.enabled]
}

resource "google_project_iam_member" "runtime" {
  for_each = var.owns_project_settings ? local.runtime_roles : toset([])

  project = var.project_id
  role    = each.key
  member  = "serviceAccount:${google_service_account.runtime[0].account_id}@${var.project_id}.iam.gserviceaccount.com"

  depends_on = [google_service_account.runtime]
}

resource "google_service_account" "terraform" {
  count = var.owns_project_settings ? 1 : 0

  account_id   = "vividly-monitoring"
  display_name = "Vividly: Terraform for monitoring"

  depends_on = [google_project_service.enabled]
}

resource "google_project_iam_member" "terraform" {
  for_each = var.owns_project_settings ? local.terraform_roles : toset([])

  project = var.project_id
  role    = each.key
  member  = "serviceAccount:${google_service_account.terraform[0].account_id}@${var.project_id}.iam.gserviceaccount.com"

  depends_on = [google_service_account.terraform]
}

# Whoever may grant any role owns the project, so this grant reaches the service's roles only:
# https://cloud.google.com/iam/docs/setting-limits-on-granting-roles
resource "google_project_iam_member" "terraform_grants_runtime_roles" {
  count = var.owns_project_settings ? 1 : 0

  project = var.project_id
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = "serviceAccount:${google_service_account.terraform[0].account_id}@${var.project_id}.iam.gserviceaccount.com"

  condition {
    title       = "only_what_the_service_needs"
    description = "Grants and takes the roles of the running service, and no others."
    expression = format(
      "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([%s])",
      join(", ", [for role in local.runtime_roles : "'${role}'"]),
    )
  }

  depends_on = [google_service_account.terraform]
}
