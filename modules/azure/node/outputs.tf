locals {
  machine = one(concat(
    [for m in azurerm_linux_virtual_machine.node : { name = m.name, location = m.location, zone = m.zone, addresses = m.private_ip_addresses }],
    [for m in azurerm_windows_virtual_machine.node : { name = m.name, location = m.location, zone = m.zone, addresses = m.private_ip_addresses }],
  ))

  private_ipv4 = [for ip in local.machine.addresses : ip if !strcontains(ip, ":")]
}

output "external_id" {
  description = "Name of the virtual machine."
  value       = local.machine.name
}

output "public_ipv4" {
  description = "Public IPv4 address, empty for none."
  value       = join("", azurerm_public_ip.ipv4[*].ip_address)
}

output "public_ipv6" {
  description = "Public IPv6 address, empty for none."
  value       = join("", azurerm_public_ip.ipv6[*].ip_address)
}

output "private_ipv4" {
  description = "Private IPv4 address."
  value       = try(local.private_ipv4[0], "")
}

output "region" {
  description = "Region that the machine is in."
  value       = local.machine.location
}

output "az" {
  description = "Availability zone that the machine is in, empty for none."
  value       = local.machine.zone == null ? "" : local.machine.zone
}

output "cloud" {
  description = "Name of the cloud."
  value       = "Azure"
}
