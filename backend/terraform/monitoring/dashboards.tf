# The dashboards as `tocsin render` made them; a folder without any makes none.
locals {
  dashboards = fileset("${local.definitions}/rendered/google", "*.json")
}

resource "google_monitoring_dashboard" "dashboard" {
  for_each = local.dashboards

  # The project may hold the dashboards of several environments: the name tells them apart.
  dashboard_json = jsonencode(merge(
    jsondecode(replace(file("${local.definitions}/rendered/google/${each.key}"), "custom_googleapis_com:", var.metric_prefix)),
    { displayName = "${jsondecode(file("${local.definitions}/rendered/google/${each.key}")).displayName} (${var.environment})" },
  ))

  depends_on = [google_project_service.enabled]
}
