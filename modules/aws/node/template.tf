# What only a launch template says: that an instance is a spot one (aws_instance knows it since 5.2 of the provider), that
# it has no public address where EC2 chooses the subnet, and everything about an instance of a fleet.

resource "aws_launch_template" "node" {
  count       = local.fleet || var.spot || local.hidden ? 1 : 0
  name_prefix = "${var.name}-"
  tags        = local.tags

  image_id               = local.fleet ? var.image_id : null
  key_name               = local.fleet ? var.key_name : null
  user_data              = local.fleet && var.user_data != null ? base64encode(var.user_data) : null
  vpc_security_group_ids = local.fleet && var.security_group_id != null ? [var.security_group_id] : null

  dynamic "instance_market_options" {
    for_each = var.spot && !local.fleet ? ["spot"] : []
    content {
      market_type = instance_market_options.value
      spot_options {
        spot_instance_type             = "one-time"
        instance_interruption_behavior = "terminate"
      }
    }
  }

  dynamic "network_interfaces" {
    for_each = local.hidden ? [0] : []
    content {
      device_index                = network_interfaces.value
      associate_public_ip_address = false
      delete_on_termination       = true
      ipv6_address_count          = var.public_ipv6 ? 1 : null
      security_groups             = var.security_group_id == null ? null : [var.security_group_id]
    }
  }

  dynamic "block_device_mappings" {
    for_each = local.fleet ? [var.root_device] : []
    content {
      device_name = block_device_mappings.value
      ebs {
        volume_type           = local.volume_type
        volume_size           = var.root_volume.size
        iops                  = var.root_volume.iops
        throughput            = var.root_volume.throughput
        delete_on_termination = true
      }
    }
  }

  dynamic "metadata_options" {
    for_each = local.fleet && var.http_tokens != null ? [var.http_tokens] : []
    content {
      http_tokens   = metadata_options.value
      http_endpoint = "enabled"
    }
  }

  dynamic "tag_specifications" {
    for_each = local.fleet ? ["instance", "volume"] : []
    content {
      resource_type = tag_specifications.value
      tags          = local.tags
    }
  }

  lifecycle {
    ignore_changes = all
  }
}
