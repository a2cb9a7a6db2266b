# Reads the alarms and the table of who is told, and turns them into what the resources need.
# Nothing about a single alarm stands in this folder: alerts.yaml is the one source.
locals {
  definitions = coalesce(var.definitions, "${path.module}/../../monitoring")

  # What EXPORT_METRICS writes into the label `namespace` (backend/app's names of the environments).
  namespace = { dev = "development", staging = "staging", prod = "production" }[var.environment]

  rule_files = [
    for name in ["alerts.yaml", "slo_alerts.yaml"] : "${local.definitions}/${name}"
    if fileexists("${local.definitions}/${name}")
  ]
  groups = flatten([for file in local.rule_files : yamldecode(file(file)).groups])
  rules = {
    for rule in flatten([
      for group in local.groups : [
        for rule in group.rules : merge(rule, { group = group.name, interval = try(group.interval, "30s") })
      ]
    ]) : rule.alert => rule
    if !contains(var.left_out_alerts, rule.alert)
  }
  alert_names = flatten([for group in local.groups : [for rule in group.rules : rule.alert]])

  # Environments may share a project: each watches its own series and its own uptime check. A
  # selector that has no braces gets some; the closing newline ends the last name.
  own_metric = "custom_googleapis_com:[a-zA-Z0-9_]+"
  of_this_environment = {
    for name, rule in local.rules : name => trimspace(replace(
      replace("${rule.expr}\n", "/(${local.own_metric})\\{/", "$${1}{namespace=\"${local.namespace}\","),
      "/(${local.own_metric})([^a-zA-Z0-9_{])/", "$${1}{namespace=\"${local.namespace}\"}$${2}",
    ))
  }
  renamed = {
    for name, query in local.of_this_environment : name => replace(query, "custom_googleapis_com:", var.metric_prefix)
  }
  # The check's id is known once the check is made: only the queries that ask for it wait.
  queries = {
    for name, query in local.renamed : name => !strcontains(query, "check_id=") ? query : replace(
      query, "/check_id=~?\"[^\"]*\"/", "check_id=\"${google_monitoring_uptime_check_config.health.uptime_check_id}\"",
    )
  }

  # Prometheus writes 1h30m, Google 5400s.
  unit_s = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }
  durations = toset(flatten([
    [for rule in values(local.rules) : [tostring(try(rule.for, "0s")), rule.interval]],
    [for level in values(local.severities) : [level.auto_close, try(level.remind_every, "30m")]],
  ]))
  seconds = {
    for text in local.durations : text => sum([
      for part in regexall("([0-9]+)([smhdw])", text) : tonumber(part[0]) * local.unit_s[part[1]]
    ])
  }

  escalation = yamldecode(file("${local.definitions}/escalation.yaml"))
  severities = local.escalation.severities
  owners     = local.escalation.owners

  strangers = [
    for name, rule in local.rules : "${name} (${rule.labels.severity}, ${rule.labels.owner})"
    if !contains(keys(local.severities), rule.labels.severity) || !contains(keys(local.owners), rule.labels.owner)
  ]

  # Page-level: the table says that PagerDuty is told.
  paging_severities = toset([for name, level in local.severities : name if contains(level.channels, "pagerduty")])
}

# A name that no rule has would leave out nothing, and nobody would see it.
resource "terraform_data" "names_are_known" {
  input = sort(var.left_out_alerts)

  lifecycle {
    precondition {
      condition     = length(setsubtract(var.left_out_alerts, local.alert_names)) == 0
      error_message = "left_out_alerts names what no rule is called: ${join(", ", setsubtract(var.left_out_alerts, local.alert_names))}."
    }
    precondition {
      condition     = length(local.strangers) == 0
      error_message = "escalation.yaml does not know the severity or the owner of: ${join(", ", local.strangers)}."
    }
    precondition {
      condition     = length(local.alert_names) == length(distinct(local.alert_names))
      error_message = "Two rules have the same name in ${join(" and ", local.rule_files)}: each alert needs its own."
    }
  }
}
