# One policy per rule of alerts.yaml. The limits named here are those of
# https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
resource "google_monitoring_alert_policy" "alert" {
  for_each = local.rules

  display_name = "${each.value.group}/${each.key} (${var.environment})"
  combiner     = "OR" # required, though there is one condition
  severity     = local.severities[each.value.labels.severity].google

  conditions {
    display_name = each.key

    condition_prometheus_query_language {
      query               = local.queries[each.key]
      duration            = "${local.seconds[tostring(try(each.value.for, "0s"))]}s"
      evaluation_interval = "${local.seconds[each.value.interval]}s"
      rule_group          = each.value.group
      alert_rule          = each.key
      labels              = each.value.labels

      # The service may not have written its first point when the policy is made.
      disable_metric_validation = true
    }
  }

  notification_channels = [for route in local.routes[each.key] : local.channel_names[route]]

  alert_strategy {
    auto_close           = "${local.seconds[local.severities[each.value.labels.severity].auto_close]}s"
    notification_prompts = ["OPENED", "CLOSED"]

    # Google's rate limit of notifications is for policies on log lines alone; what keeps a
    # PromQL policy quiet is that an open incident is told once, and then again only this often.
    dynamic "notification_channel_strategy" {
      for_each = compact([try(local.severities[each.value.labels.severity].remind_every, "")])

      content {
        notification_channel_names = [for route in local.routes[each.key] : local.channel_names[route]]
        renotify_interval          = "${local.seconds[notification_channel_strategy.value]}s"
      }
    }
  }

  documentation {
    subject   = "${each.value.annotations.summary} (${var.environment})"
    mime_type = "text/markdown"
    content   = <<-TEXT
      **${each.value.annotations.summary}**

      What people feel: ${trimspace(each.value.annotations.impact)}

      Why this threshold: ${trimspace(each.value.annotations.threshold)}

      First responder: ${try(local.owners[each.value.labels.owner].first_responder, each.value.labels.owner)}.
    TEXT

    dynamic "links" {
      for_each = compact([try(each.value.annotations.runbook, "")])

      content {
        display_name = "Runbook"
        url          = "${var.documents_url}/${links.value}"
      }
    }
  }

  user_labels = {
    environment = var.environment
    owner       = each.value.labels.owner
    severity    = each.value.labels.severity
    managed_by  = "terraform"
  }

  lifecycle {
    precondition {
      condition     = length(local.routes[each.key]) > 0
      error_message = <<-TEXT
        ${each.key} would tell nobody. escalation.yaml sends ${each.value.labels.severity} alerts of ${each.value.labels.owner} to
        ${join(", ", local.severities[each.value.labels.severity].channels)}, and ${var.environment} has none of these channels.
        Give email_addresses, slack_token_version or pagerduty_key_versions in environments/${var.environment}.tfvars.
      TEXT
    }
    precondition {
      condition = (
        !var.paging
        || !contains(local.paging_severities, each.value.labels.severity)
        || contains(local.routes[each.key], "pagerduty/${each.value.labels.owner}")
      )
      error_message = <<-TEXT
        ${each.key} must wake somebody, and ${each.value.labels.owner} has no pager in ${var.environment}.
        Add "${try(local.owners[each.value.labels.owner].pagerduty, each.value.labels.owner)}" to pagerduty_key_versions in environments/${var.environment}.tfvars and its key to TF_VAR_pagerduty_service_keys.
      TEXT
    }
    precondition {
      condition     = local.seconds[each.value.interval] > 0 && local.seconds[each.value.interval] % 30 == 0
      error_message = "Group ${each.value.group} has the interval ${each.value.interval}: Google evaluates every 30 s or a multiple of it."
    }
    precondition {
      # Google states no bounds; its own sample policies stay between 30 minutes and 7 days.
      condition = (
        local.seconds[local.severities[each.value.labels.severity].auto_close] >= 1800
        && local.seconds[local.severities[each.value.labels.severity].auto_close] <= 604800
      )
      error_message = "auto_close of ${each.value.labels.severity} in escalation.yaml must be between 30m and 7d."
    }
  }

  depends_on = [google_project_service.enabled]
}
