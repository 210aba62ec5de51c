# Sensitive outputs arrive in the state like the others, in clear text.
resource "terraform_data" "host" {
  input = sensitive("10.0.0.7")
}

output "private_ipv4" {
  value     = terraform_data.host.output
  sensitive = true
}

output "connection_port" {
  value     = { namespace = "n", host = "https://api:6443", token = "t0ken-t0ken", skiptls = true }
  sensitive = true
}
