# A node whose creation waits for a file, fails when another exists, and keeps books: one line a creation and one a
# destruction. Tests open gates and read the books, so that nothing depends on time.
variable "name" {
  type = string
}

variable "dir" {
  type = string
}

resource "terraform_data" "node" {
  input = { name = var.name, dir = var.dir }

  provisioner "local-exec" {
    command = <<-SH
      echo "begin ${var.name}" >> '${var.dir}/books'
      while [ ! -e '${var.dir}/open' ] && [ ! -e '${var.dir}/open-${var.name}' ]; do sleep 0.05; done
      if [ -e '${var.dir}/fail' ] || [ -e '${var.dir}/fail-${var.name}' ]; then echo "told to fail" >&2; exit 1; fi
      echo "create ${var.name}" >> '${var.dir}/books'
    SH
  }

  provisioner "local-exec" {
    when    = destroy
    command = "echo \"destroy ${self.input.name}\" >> '${self.input.dir}/books'"
  }
}

output "external_id" {
  value = terraform_data.node.id
}

output "public_ipv4" {
  value = "127.0.0.1"
}
