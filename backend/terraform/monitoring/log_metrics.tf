# What a process cannot count itself, because it is dead or its exporter is: taken from the logs.
# https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics
resource "google_logging_metric" "memory_exceeded" {
  name        = "vividly_${var.environment}_memory_exceeded"
  description = "Instances that Cloud Run ended because they took more memory than they may."
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"vividly-api\"",
    "logName=\"projects/${var.project_id}/logs/run.googleapis.com%2Fvarlog%2Fsystem\"",
    "textPayload=~\"Memory limit of .* exceeded\"",
  ])

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"
    display_name = "Vividly ${var.environment}: instances out of memory"
  }

  depends_on = [google_project_service.enabled]
}

resource "google_logging_metric" "error_lines" {
  name        = "vividly_${var.environment}_error_lines"
  description = "Lines of severity ERROR and above, by module: counted also while metrics are not exported."
  filter      = "${local.ours} AND severity>=ERROR"

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"
    display_name = "Vividly ${var.environment}: error lines"

    labels {
      key         = "logger"
      value_type  = "STRING"
      description = "The module that wrote the line."
    }
  }

  # A module's name is one of a few; a message's text need not be.
  label_extractors = { logger = "EXTRACT(jsonPayload.logger)" }

  depends_on = [google_project_service.enabled]
}
