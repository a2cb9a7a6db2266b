# The state lies in a bucket, one object per environment, and is locked while somebody applies
# (D53). The rest of the settings are given at init, because Terraform allows no variables here:
#   terraform init -backend-config=environments/prod.gcs.tfbackend
terraform {
  backend "gcs" {}
}
