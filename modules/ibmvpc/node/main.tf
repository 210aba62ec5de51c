# One instance, and where one is wanted its floating IP. What is looked up (image, VPC, subnet, keys, resource group)
# comes as ids: a later answer of the cloud must not change an instance that a job uses. For the same reason nothing is
# ever updated.

locals {
  timeout = "${var.launch_timeout + 60}s" # the launcher's own deadline comes first

  # IBM's user tags are texts of at most 128 letters, digits, spaces and _ - . : which the cloud keeps in lower case. The
  # provider waits until they are there as they are here.
  tags = [for key, value in var.tags : substr(replace(lower("${key}:${value}"), "/[^a-z0-9:_ .-]/", "-"), 0, 128)]
}

resource "ibm_is_instance" "node" {
  name           = var.name
  image          = var.image_id
  profile        = var.profile
  vpc            = var.vpc_id
  zone           = var.zone
  resource_group = var.resource_group_id
  keys           = var.key_ids
  user_data      = var.user_data
  tags           = local.tags

  primary_network_interface {
    name   = "eth0"
    subnet = var.subnet_id
  }

  boot_volume {
    name               = var.name
    profile            = "general-purpose"
    auto_delete_volume = true
    tags               = local.tags
  }

  wait_before_delete = false # nobody needs a node that is deleted to be shut down first

  timeouts {
    create = local.timeout
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "ibm_is_floating_ip" "node" {
  count          = var.public_ipv4 ? 1 : 0
  name           = var.name
  target         = ibm_is_instance.node.primary_network_interface[0].id
  resource_group = var.resource_group_id
  tags           = local.tags

  timeouts {
    create = "10m"
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
  }
}
