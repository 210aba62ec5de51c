# Has a destroy-time provisioner, which runs only while the block is there.
variable "file" { type = string }

resource "terraform_data" "host" {
  input = var.file

  provisioner "local-exec" {
    when    = destroy
    command = "echo gone > \"$FILE\""

    environment = { FILE = self.input }
  }
}

output "hostname" { value = terraform_data.host.id }
