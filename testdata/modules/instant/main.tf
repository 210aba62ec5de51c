# A node that takes no time: what is measured or tested with it is the launcher.
variable "name" {
  type = string
}

resource "terraform_data" "node" {
  input = var.name
}

output "external_id" {
  value = terraform_data.node.id
}

output "public_ipv4" {
  value = "127.0.0.1"
}
