# What must be switched on before anything else can be made. Everything below depends on it, so
# the first apply works on an empty project.
locals {
  services = toset([
    "billingbudgets.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudtrace.googleapis.com", # without it, traces sent to telemetry.googleapis.com are dropped silently
    "clouderrorreporting.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "telemetry.googleapis.com",
  ])
}

resource "google_project_service" "enabled" {
  for_each = local.services

  project = var.project_id
  service = each.key

  # Others in the project may use them: leaving must not switch them off.
  disable_on_destroy = false
}

# Read at apply when the services are new: Resource Manager answers nothing before it is on.
data "google_project" "watched" {
  project_id = var.project_id

  depends_on = [google_project_service.enabled]
}
