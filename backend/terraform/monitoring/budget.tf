# Tells when the project becomes dear (R220, D58). A budget stops nothing: it only tells.
# https://cloud.google.com/billing/docs/how-to/budgets
resource "google_billing_budget" "project" {
  count = var.billing_account == null || !var.owns_project_settings ? 0 : 1

  billing_account = var.billing_account
  display_name    = "Vividly ${var.environment}: monthly"

  budget_filter {
    projects        = ["projects/${data.google_project.watched.number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      currency_code = var.budget_currency
      units         = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }

  # Told before the money is spent.
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    # Five at most, and e-mail is what budgets understand.
    monitoring_notification_channels = slice(
      [for channel in google_monitoring_notification_channel.email : channel.name],
      0, min(5, length(google_monitoring_notification_channel.email)),
    )
    disable_default_iam_recipients = false
  }

  depends_on = [google_project_service.enabled]
}
