variable "name" { type = string }

module "grandchild" {
  source = "./grandchild"
  name   = "${var.name}.child"
}

output "name" { value = module.grandchild.name }
