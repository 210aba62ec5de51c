# Nothing here may fail: when a refresh finds that something has vanished, these are evaluated without it.

locals {
  instance_id = one(concat(aws_instance.node[*].id, aws_ec2_instance_state.node[*].instance_id))
  host_id     = one(aws_ec2_host.node[*].id)

  # Empty texts are addresses that an instance does not have.
  public_ipv4  = concat([for i in aws_instance.node : i.public_ip if i.public_ip != null], flatten(data.aws_instances.node[*].public_ips))
  private_ipv4 = concat([for i in aws_instance.node : i.private_ip if i.private_ip != null], flatten(data.aws_instances.node[*].private_ips))
  public_ipv6  = flatten([for i in aws_instance.node : coalesce(i.ipv6_addresses, [])])

  chosen_type = one([for f in aws_ec2_fleet.node : try(f.fleet_instance_set[0].instance_type, null)])
}

output "external_id" {
  description = "Id of the instance and, where there is one, of its dedicated host."
  value       = { for key, id in { instance = local.instance_id, host = local.host_id } : key => id if id != null }
}

output "public_ipv4" {
  description = "Public IPv4 address."
  value       = try(local.public_ipv4[0], "")
}

output "private_ipv4" {
  description = "Private IPv4 address."
  value       = try(local.private_ipv4[0], "")
}

output "public_ipv6" {
  description = "First IPv6 address."
  value       = try(local.public_ipv6[0], "")
}

output "az" {
  description = "Availability zone that the instance is in; for a fleet the one it was given, if any."
  value       = one(concat(aws_instance.node[*].availability_zone, local.fleet ? [var.availability_zone] : []))
}

output "region" {
  description = "Region that the instance is in."
  value       = try(split(":", one(concat(aws_instance.node[*].arn, aws_ec2_fleet.node[*].arn)))[3], null)
}

output "cloud" {
  description = "Name of the cloud."
  value       = "AWS"
}

output "host_id" {
  description = "Id of the dedicated host, null without one."
  value       = local.host_id
}

output "resources" {
  description = "What the node counts for in quotas, where only the fleet's choice tells it."
  value       = local.chosen_type == null ? null : lookup(var.sizes, local.chosen_type, null)
}

output "node_properties" {
  description = "What jobs read as nodepool.node_properties."
  value       = { fleet = local.fleet, spot = var.spot }
}
