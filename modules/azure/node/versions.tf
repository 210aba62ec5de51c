terraform {
  required_version = ">= 1.6"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.75" # features.persist_id_on_create_before_polling_for_completion
    }
  }
}
