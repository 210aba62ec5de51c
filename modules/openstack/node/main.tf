# One server, and where one is wanted its floating IP. What is looked up (image, flavor, networks, zone) comes as ids:
# a later answer of the cloud must not change a server that a job uses. For the same reason nothing is ever updated.

locals {
  timeout = "${var.launch_timeout + 60}s" # the launcher's own deadline comes first
}

resource "openstack_compute_instance_v2" "node" {
  name              = var.name
  image_id          = var.boot_from_volume ? null : var.image_id
  flavor_id         = var.flavor_id
  key_pair          = var.key_pair
  user_data         = var.user_data
  config_drive      = var.config_drive
  availability_zone = var.availability_zone == "" ? null : var.availability_zone
  security_groups   = length(var.security_groups) > 0 ? var.security_groups : null
  metadata          = var.metadata

  dynamic "network" {
    for_each = var.network_ids
    content {
      uuid = network.value
    }
  }

  dynamic "block_device" {
    for_each = var.boot_from_volume ? [var.image_id] : []
    content {
      source_type           = "image"
      destination_type      = "volume"
      uuid                  = block_device.value
      boot_index            = 0
      volume_size           = var.volume_size
      delete_on_termination = true
    }
  }

  timeouts {
    create = local.timeout
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
  }
}

# The port that the server got on its first network.
data "openstack_networking_port_v2" "node" {
  count      = var.floating_ip_pool == null ? 0 : 1
  device_id  = openstack_compute_instance_v2.node.id
  network_id = openstack_compute_instance_v2.node.network[0].uuid
}

resource "openstack_networking_floatingip_v2" "node" {
  count       = var.floating_ip_pool == null ? 0 : 1
  pool        = var.floating_ip_pool
  description = "${var.name} ${join(" ", [for key in sort(keys(var.marks)) : "${key}=${var.marks[key]}"])}"
  port_id     = data.openstack_networking_port_v2.node[0].id

  timeouts {
    create = "10m"
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
  }
}
