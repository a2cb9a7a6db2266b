output "routes" {
  description = "Which alert reaches whom: kind of channel and owner."
  value       = local.routes
}

output "uptime_check_id" {
  description = "The label check_id of the health check's series."
  value       = google_monitoring_uptime_check_config.health.uptime_check_id
}

output "runtime_service_account" {
  description = "Who the service runs as on Cloud Run."
  value       = one(google_service_account.runtime[*].email)
}

output "terraform_service_account" {
  description = "Whom to impersonate when applying, once the first apply is done."
  value       = one(google_service_account.terraform[*].email)
}

output "dashboards" {
  description = "The dashboards' ids, for `tocsin dashboards pull`."
  value       = { for file, dashboard in google_monitoring_dashboard.dashboard : file => dashboard.id }
}
