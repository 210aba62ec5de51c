# Nothing here may fail: when a refresh finds that something has vanished, these are evaluated without it.

locals {
  node = ibm_is_instance.node
}

output "external_id" {
  description = "Name of the instance, by which Nodepool finds it."
  value       = try(local.node.name, null)
}

output "public_ipv4" {
  description = "Address of the floating IP, empty without one."
  value       = try(ibm_is_floating_ip.node[0].address, "")
}

output "private_ipv4" {
  description = "Address of the network interface."
  value       = try(local.node.primary_network_interface[0].primary_ip[0].address, "")
}

output "az" {
  description = "Zone that the instance is in."
  value       = try(local.node.zone, null)
}

output "region" {
  description = "Region that the instance is in."
  value       = var.region
}

output "cloud" {
  description = "Name of the cloud."
  value       = "IBM"
}
