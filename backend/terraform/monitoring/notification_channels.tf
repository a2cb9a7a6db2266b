# One channel per owner and kind, as far as this environment has an address, a token or a key.
# Slack and PagerDuty get their secret through write-only arguments: it is in no plan and no state.
# https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/monitoring_notification_channel
locals {
  email_owners = {
    for name, owner in local.owners : name => owner if try(contains(keys(var.email_addresses), owner.email), false)
  }
  slack_owners = {
    for name, owner in local.owners : name => owner if var.slack_token_version > 0 && can(owner.slack)
  }
  pagerduty_owners = {
    for name, owner in local.owners : name => owner if try(contains(keys(var.pagerduty_key_versions), owner.pagerduty), false)
  }

  # By kind and owner; a channel that this environment does not have is not in it.
  channel_names = merge(
    { for owner, channel in google_monitoring_notification_channel.email : "email/${owner}" => channel.name },
    { for owner, channel in google_monitoring_notification_channel.slack : "slack/${owner}" => channel.name },
    { for owner, channel in google_monitoring_notification_channel.pagerduty : "pagerduty/${owner}" => channel.name },
  )

  # Known while planning, unlike the names: which alert reaches whom.
  present = toset(concat(
    [for owner in keys(local.email_owners) : "email/${owner}"],
    [for owner in keys(local.slack_owners) : "slack/${owner}"],
    [for owner in keys(local.pagerduty_owners) : "pagerduty/${owner}"],
  ))
  routes = {
    for name, rule in local.rules : name => [
      for kind in local.severities[rule.labels.severity].channels : "${kind}/${rule.labels.owner}"
      if contains(local.present, "${kind}/${rule.labels.owner}")
      # A page is for where somebody is woken; elsewhere the other channels tell.
      && (kind != "pagerduty" || var.paging)
    ]
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = local.email_owners

  display_name = "Vividly ${var.environment}: ${each.key} by e-mail"
  type         = "email"
  labels       = { email_address = var.email_addresses[each.value.email] }

  # Terraform removes a channel before it tells the policies, and Google refuses to remove what they
  # still name (github.com/hashicorp/terraform-provider-google/issues/10337).
  force_delete = true

  depends_on = [google_project_service.enabled]
}

resource "google_monitoring_notification_channel" "slack" {
  for_each = local.slack_owners

  display_name = "Vividly ${var.environment}: ${each.key} on Slack"
  type         = "slack"
  labels       = { channel_name = each.value.slack }

  sensitive_labels {
    auth_token_wo         = var.slack_token
    auth_token_wo_version = tostring(var.slack_token_version)
  }

  force_delete = true

  depends_on = [google_project_service.enabled]
}

resource "google_monitoring_notification_channel" "pagerduty" {
  for_each = local.pagerduty_owners

  display_name = "Vividly ${var.environment}: ${each.key} by pager"
  type         = "pagerduty"

  sensitive_labels {
    service_key_wo         = var.pagerduty_service_keys[each.value.pagerduty]
    service_key_wo_version = tostring(var.pagerduty_key_versions[each.value.pagerduty])
  }

  force_delete = true

  depends_on = [google_project_service.enabled]
}
