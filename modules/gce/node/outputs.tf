locals {
  node = google_compute_instance.node
  zone = reverse(split("/", local.node.zone))[0]
}

output "external_id" {
  description = "Name of the instance, which is its id in the zone."
  value       = local.node.name
}

output "public_ipv4" {
  description = "External IPv4 address."
  value       = try(local.node.network_interface[0].access_config[0].nat_ip, "")
}

output "private_ipv4" {
  description = "IPv4 address in the network."
  value       = try(local.node.network_interface[0].network_ip, "")
}

output "az" {
  description = "Zone that the instance is in."
  value       = local.zone
}

output "region" {
  description = "Region of that zone."
  value       = replace(local.zone, "/-[^-]*$/", "")
}

output "cloud" {
  description = "Name of the cloud."
  value       = "Google"
}
