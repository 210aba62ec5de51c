# An instant fleet of one: EC2 chooses the instance's type, and forgets the fleet.

resource "aws_ec2_fleet" "node" {
  count               = local.fleet ? 1 : 0
  type                = "instant"
  terminate_instances = true
  tags                = local.tags

  launch_template_config {
    launch_template_specification {
      launch_template_id = aws_launch_template.node[0].id
      version            = aws_launch_template.node[0].latest_version
    }

    dynamic "override" {
      for_each = var.fleet.instance_types
      content {
        instance_type = override.value
        subnet_id     = var.subnet_id
        priority      = var.fleet.allocation_strategy == "prioritized" ? override.key : null
      }
    }
  }

  target_capacity_specification {
    default_target_capacity_type = var.spot ? "spot" : "on-demand"
    total_target_capacity        = 1
  }

  dynamic "on_demand_options" {
    for_each = var.spot ? [] : [var.fleet.allocation_strategy]
    content {
      allocation_strategy = on_demand_options.value
    }
  }

  dynamic "spot_options" {
    for_each = var.spot ? [var.fleet.allocation_strategy] : []
    content {
      allocation_strategy            = spot_options.value
      instance_interruption_behavior = "terminate"
    }
  }

  timeouts {
    create = local.timeout
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
    postcondition {
      condition     = length(self.fleet_instance_set) > 0
      error_message = "The fleet got no instance: insufficient capacity for all of its instance types, or EC2 refuses them."
    }
  }
}

# A fleet is there before its instance runs.
resource "aws_ec2_instance_state" "node" {
  count       = local.fleet ? 1 : 0
  instance_id = aws_ec2_fleet.node[0].fleet_instance_set[0].instance_ids[0]
  state       = "running"

  timeouts {
    create = local.timeout
  }

  lifecycle {
    ignore_changes = all
  }
}

# Plural, because this one finds nothing, and does not fail, when the instance was taken back.
data "aws_instances" "node" {
  count                = local.fleet ? 1 : 0
  instance_state_names = ["pending", "running", "stopping", "stopped"]

  filter {
    name   = "instance-id"
    values = [try(coalesce(aws_ec2_instance_state.node[0].instance_id), "vanished")]
  }
}
