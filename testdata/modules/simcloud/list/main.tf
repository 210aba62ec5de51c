# What the simulated cloud has of one provider's nodes. The launcher runs this to find what nobody knows any more.
terraform {
  required_providers {
    simcloud = { source = "nodepool-tf.invalid/testdata/simcloud" }
  }
}

variable "provider_name" {
  type    = string
  default = ""
}

data "simcloud_instances" "ours" {
  tags = { nodepool_provider_name = var.provider_name } # an empty value matches any
}

output "resources" {
  value = [for i in data.simcloud_instances.ours.instances : {
    type    = "simcloud_instance"
    id      = i.id
    tags    = i.tags
    created = i.created
  }]
}
