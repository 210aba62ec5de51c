# A node in the simulated cloud (testdata/cloud). The provider is configured by whoever uses the module.
terraform {
  required_providers {
    simcloud = { source = "nodepool-tf.invalid/testdata/simcloud" }
  }
}

variable "name" {
  type = string
}

variable "flavor" {
  type    = string
  default = "small"
}

variable "tags" {
  type    = map(string)
  default = {}
}

# How long creating and deleting may take, as durations by "create" and "delete".
variable "timeouts" {
  type    = map(string)
  default = {}
}

resource "simcloud_instance" "node" {
  name     = var.name
  flavor   = var.flavor
  image    = "ubuntu"
  tags     = var.tags
  timeouts = { create = lookup(var.timeouts, "create", "10m"), delete = lookup(var.timeouts, "delete", "10m") }
}

output "external_id" {
  value = simcloud_instance.node.id
}

output "public_ipv4" {
  value = simcloud_instance.node.public_ipv4
}

output "private_ipv4" {
  value = simcloud_instance.node.private_ipv4
}
