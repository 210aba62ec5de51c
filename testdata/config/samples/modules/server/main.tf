variable "name" { type = string }
variable "server_type" { type = string }
variable "labels" { type = map(string) }

terraform {
  required_providers {
    hcloud = { source = "hetznercloud/hcloud" }
  }
}

resource "hcloud_server" "this" {
  name        = var.name
  server_type = var.server_type
  image       = "debian-12"
  labels      = var.labels
}

output "id" { value = hcloud_server.this.id }
output "ipv4" { value = hcloud_server.this.ipv4_address }
