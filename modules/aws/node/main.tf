# One instance. What is looked up (the AMI) comes as an id: a later answer must not change an instance that a job uses.
# For the same reason nothing is ever updated.

locals {
  tags    = merge(var.tags, { Name = var.name })
  timeout = "${var.launch_timeout + 60}s" # the launcher's own deadline comes first
  fleet   = var.fleet != null

  # Without a subnet aws_instance does not pass on that no public address is wanted: a launch template does.
  hidden = var.subnet_id == null && var.public_ipv4 == false && !local.fleet

  # aws_instance drops IOPS and throughput of a volume whose type it is not told.
  paced       = var.root_volume.iops != null || var.root_volume.throughput != null
  volume_type = var.root_volume.type == null && local.paced ? "gp3" : var.root_volume.type
}

resource "aws_ec2_host" "node" {
  count             = var.dedicated_host ? 1 : 0
  availability_zone = var.availability_zone
  instance_type     = var.instance_type
  auto_placement    = "off"
  host_recovery     = "off"
  tags              = local.tags

  lifecycle {
    ignore_changes = all
  }
}

resource "aws_instance" "node" {
  count                       = local.fleet ? 0 : 1
  ami                         = var.image_id
  instance_type               = var.instance_type
  availability_zone           = var.availability_zone
  subnet_id                   = var.subnet_id
  vpc_security_group_ids      = var.security_group_id == null || local.hidden ? null : [var.security_group_id]
  associate_public_ip_address = local.hidden ? null : var.public_ipv4
  ipv6_address_count          = var.public_ipv6 && !local.hidden ? 1 : null
  key_name                    = var.key_name
  iam_instance_profile        = var.instance_profile
  ebs_optimized               = var.ebs_optimized ? true : null
  host_id                     = one(aws_ec2_host.node[*].id)
  tenancy                     = var.dedicated_host ? "host" : null
  user_data                   = var.user_data
  tags                        = local.tags
  volume_tags                 = local.tags

  root_block_device {
    volume_type           = local.volume_type
    volume_size           = var.root_volume.size
    iops                  = var.root_volume.iops
    throughput            = var.root_volume.throughput
    delete_on_termination = true
  }

  dynamic "metadata_options" {
    for_each = var.http_tokens == null ? [] : [var.http_tokens]
    content {
      http_tokens   = metadata_options.value
      http_endpoint = "enabled"
    }
  }

  dynamic "launch_template" {
    for_each = aws_launch_template.node
    content {
      id      = launch_template.value.id
      version = launch_template.value.latest_version
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
