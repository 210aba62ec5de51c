locals {
  node = openstack_compute_instance_v2.node

  v4          = [for n in local.node.network : { ip = n.fixed_ip_v4, network = n.name } if try(n.fixed_ip_v4, "") != ""]
  v6          = [for n in local.node.network : trim(n.fixed_ip_v6, "[]") if try(n.fixed_ip_v6, "") != ""]
  floating    = openstack_networking_floatingip_v2.node[*].address
  external    = [for a in local.v4 : a.ip if contains(var.external_networks, a.network)]
  routable    = [for a in local.v4 : a.ip if !can(regex("^(10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.)", a.ip))]
  v6_routable = [for ip in local.v6 : ip if !can(regex("^(?i)(fe[89ab]|f[cd])", ip))]

  public_ipv4  = try(concat(local.floating, local.external, local.routable)[0], "")
  private_ipv4 = try([for a in local.v4 : a.ip if a.ip != local.public_ipv4][0], local.public_ipv4)
  public_ipv6  = try(local.v6_routable[0], "")
}

output "external_id" {
  description = "Id of the server."
  value       = local.node.id
}

output "interface_ip" {
  description = "Address that Zuul connects to: public IPv4, public IPv6, private IPv4, whichever comes first; the private one of a private cloud."
  value = try(
    [for ip in concat(var.private ? [local.private_ipv4] : [], [local.public_ipv4, local.public_ipv6, local.private_ipv4], local.v6) : ip if ip != ""][0],
    "",
  )
}

output "public_ipv4" {
  description = "Floating IP, or else the address in an external network, or else one that is not of a private range."
  value       = local.public_ipv4
}

output "private_ipv4" {
  description = "First address that is not the public one, or else that."
  value       = local.private_ipv4
}

output "public_ipv6" {
  description = "First IPv6 address that is neither link-local nor of a private range."
  value       = local.public_ipv6
}

output "az" {
  description = "Availability zone that the server is in."
  value       = local.node.availability_zone
}

output "region" {
  description = "Region that the server is in."
  value       = local.node.region
}

output "cloud" {
  description = "Name of the cloud."
  value       = var.cloud
}
