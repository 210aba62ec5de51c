# A "cloud" on one machine: each node is a real OpenSSH server on a loopback address of its own.
# An ordinary module: it knows nothing of nodepool-tf, and another one goes in its place.

terraform {
  required_version = ">= 1.6"
}

variable "name" {
  description = "Name of the node, also the name of its folder."
  type        = string
}

variable "number" {
  description = "Number of the node; it decides the address."
  type        = number
}

variable "folder" {
  description = "Existing folder in which the node gets a folder of its own."
  type        = string
}

variable "port" {
  description = "Port that the servers listen on, the same for all as each has its own address."
  type        = number
}

variable "authorized_key" {
  description = "Public key that may log in as the user running Terraform."
  type        = string
}

locals {
  # 127.64.0.1 to 127.127.249.250: far from the addresses that services use.
  address = format("127.%d.%d.%d",
    64 + floor(var.number / 62500) % 64, floor(var.number / 250) % 250, var.number % 250 + 1)
}

resource "terraform_data" "sshd" {
  input = {
    dir     = "${var.folder}/${var.name}"
    address = local.address
    port    = var.port
  }

  provisioner "local-exec" {
    command     = "sh '${path.module}/start.sh'"
    environment = merge(self.input, { key = var.authorized_key })
  }

  # A destroy-time provisioner may use the resource's own values only.
  provisioner "local-exec" {
    when        = destroy
    command     = <<-EOT
      pid=$(cat "$dir/sshd.pid" 2>/dev/null)
      runs() { grep -qs "$dir" "/proc/$pid/cmdline"; } # not kill -0: a zombie is gone enough
      if runs; then kill "$pid"; fi
      while runs; do sleep 0.01; done
      rm -rf "$dir"
    EOT
    environment = { dir = self.input.dir }
  }
}

output "address" {
  value = terraform_data.sshd.output.address
}

output "port" {
  value = terraform_data.sshd.output.port
}

output "id" {
  value = terraform_data.sshd.id
}
