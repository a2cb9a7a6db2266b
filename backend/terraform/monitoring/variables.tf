variable "project_id" {
  description = "The Google Cloud project that is watched."
  type        = string
}

variable "region" {
  description = "Where the service runs."
  type        = string
  default     = "europe-west1"
}

variable "environment" {
  description = "Which deployment this is: dev, staging or prod."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod, as the file in environments/ is called."
  }
}

variable "host" {
  description = "The host name under which the service answers, without a scheme: api.vividly.example."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+$", var.host))
    error_message = "host must be a bare host name, like api.vividly.example: no scheme, port or path."
  }
}

variable "definitions" {
  description = "The folder of alerts.yaml, escalation.yaml and rendered/google. Null: this repository's."
  type        = string
  default     = null
}

variable "documents_url" {
  description = "Where the folder backend/ of this repository can be read; links to runbooks start there."
  type        = string

  validation {
    condition     = can(regex("^https://.*[^/]$", var.documents_url))
    error_message = "documents_url must start with https:// and end without a slash."
  }
}

variable "metric_prefix" {
  description = <<-TEXT
    What stands before vividly_ in PromQL. custom_googleapis_com: is right for metrics written through
    the Cloud Monitoring API; OTLP writes prometheus.googleapis.com/NAME, which PromQL calls NAME: then
    this is the empty string.
  TEXT
  type        = string
  default     = "custom_googleapis_com:"

  validation {
    condition     = contains(["custom_googleapis_com:", "workload_googleapis_com:", ""], var.metric_prefix)
    error_message = "metric_prefix must be custom_googleapis_com:, workload_googleapis_com: or empty."
  }
}

variable "left_out_alerts" {
  description = "Alerts that make no sense in this environment, by name; each with its reason in the tfvars file."
  type        = set(string)
  default     = []
}

variable "paging" {
  description = "Whether somebody is woken: then each page-level alert must have a PagerDuty channel."
  type        = bool
}

variable "email_addresses" {
  description = "The addresses behind the names in escalation.yaml (owners.*.email)."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for one in values(var.email_addresses) : can(regex("^[^@\\s]+@[^@\\s]+$", one))])
    error_message = "email_addresses must map each name to one address, like name@school.example."
  }
}

variable "slack_token_version" {
  description = "0: no Slack. Otherwise count it up whenever slack_token changes: Terraform cannot see that it did."
  type        = number
  default     = 0
}

variable "slack_token" {
  description = "OAuth token of Google's Slack app. Never in a file: TF_VAR_slack_token."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = var.slack_token_version == 0 || try(length(var.slack_token), 0) > 0
    error_message = "slack_token_version says that Slack is used: give the token in TF_VAR_slack_token."
  }
}

variable "pagerduty_key_versions" {
  description = "Services of PagerDuty by their name in escalation.yaml; count up when the key changes."
  type        = map(number)
  default     = {}
}

variable "pagerduty_service_keys" {
  description = "Integration keys (Events API v2) by the same names. Never in a file: TF_VAR_pagerduty_service_keys."
  type        = map(string)
  default     = {}
  ephemeral   = true
  sensitive   = true

  validation {
    condition = alltrue([
      for service in keys(var.pagerduty_key_versions) : try(length(var.pagerduty_service_keys[service]), 0) > 0
    ])
    error_message = "Each name in pagerduty_key_versions needs its key in TF_VAR_pagerduty_service_keys."
  }
}

variable "log_retention_days" {
  description = "How long ordinary log lines are kept (R219). Beyond 30 days Google charges for it."
  type        = number
  default     = 30
}

variable "security_log_retention_days" {
  description = "How long lines about sign-in and attacks are kept: attacks are often found months later."
  type        = number
  default     = 180

  validation {
    condition     = var.security_log_retention_days >= var.log_retention_days
    error_message = "security_log_retention_days must not be less than log_retention_days."
  }
}

variable "owns_project_settings" {
  description = "False for the second environment in one project: the first looks after the bucket _Default and the accounts."
  type        = bool
  default     = true
}

variable "billing_account" {
  description = "The billing account's id (000000-000000-000000). Null: no budget is made."
  type        = string
  default     = null
}

variable "monthly_budget" {
  description = "What the project may cost a month, in whole units of the currency."
  type        = number
  default     = 20
}

variable "budget_currency" {
  description = "The billing account's currency; Google refuses any other."
  type        = string
  default     = "EUR"
}
