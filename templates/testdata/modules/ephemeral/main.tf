variable "token" {
  type      = string
  default   = "t"
  ephemeral = true
}

output "token" {
  value     = var.token
  ephemeral = true
}
