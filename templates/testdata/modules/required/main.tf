# Inputs of several types, without defaults; what arrives is given back.
variable "text" { type = string }
variable "count_of" { type = number }
variable "flag" { type = bool }
variable "tags" { type = map(string) }
variable "list" { type = list(string) }
variable "object" {
  type = object({ a = number, b = optional(string, "default") })
}
variable "any" { type = any }
variable "nothing" {
  type    = string
  default = "the default"
}

output "text" { value = var.text }
output "count_of" { value = var.count_of }
output "flag" { value = var.flag }
output "tags" { value = var.tags }
output "list" { value = var.list }
output "object" { value = var.object }
output "any" { value = var.any }
output "nothing" { value = var.nothing }
