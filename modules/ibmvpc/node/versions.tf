terraform {
  required_version = ">= 1.6"
  required_providers {
    ibm = {
      source  = "IBM-Cloud/ibm"
      version = ">= 1.49" # tags of a boot volume
    }
  }
}
