# Asks /health from outside, from every continent, once a minute (R135). The alarm ServiceDown
# takes the check's id from here, so it cannot watch another check (D51).
# https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.uptimeCheckConfigs
resource "google_monitoring_uptime_check_config" "health" {
  display_name = "vividly-health-${var.environment}"
  period       = "60s" # 60, 300, 600 or 900 s; Terraform's own default is 300
  timeout      = "10s"

  # Three locations at least. Cloud Run wakes a sleeping instance for each of them.
  selected_regions = ["EUROPE", "USA", "ASIA_PACIFIC"]

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project_id
      host       = var.host
    }
  }

  http_check {
    path           = "/health"
    port           = 443
    request_method = "GET"
    use_ssl        = true
    validate_ssl   = true
  }

  # A page of somebody else's that says 200 is not the service.
  content_matchers {
    content = "\"alive\""
    matcher = "CONTAINS_STRING"
  }

  user_labels = {
    environment = var.environment
    managed_by  = "terraform"
  }

  depends_on = [google_project_service.enabled]
}
