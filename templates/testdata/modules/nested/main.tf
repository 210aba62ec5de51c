variable "name" { type = string }

module "child" {
  source = "./child"
  name   = var.name
}

output "hostname" { value = module.child.name }
