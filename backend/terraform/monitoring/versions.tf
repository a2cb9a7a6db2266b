terraform {
  # Write-only arguments, which keep the channels' secrets out of the state, came with 1.11.
  required_version = ">= 1.11.0"

  required_providers {
    google = {
      source = "hashicorp/google"
      # The schema that scripts/check-terraform holds this configuration against is 8.7's.
      version = ">= 8.7.0, < 9.0.0"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region

  # Budgets are asked for in the name of the project, or the API answers 403 to a person's
  # credentials (registry.terraform.io/providers/hashicorp/google, google_billing_budget).
  billing_project       = var.project_id
  user_project_override = true
}
