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

variable "image" {
  type    = string
  default = "ubuntu"
}

variable "tags" {
  type    = map(string)
  default = {}
}

variable "create_timeout" {
  type    = string
  default = "10m"
}

variable "delete_timeout" {
  type    = string
  default = "10m"
}

resource "simcloud_instance" "node" {
  name     = var.name
  flavor   = var.flavor
  image    = var.image
  tags     = var.tags
  timeouts = { create = var.create_timeout, delete = var.delete_timeout }
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

output "hostname" {
  value = simcloud_instance.node.name
}
