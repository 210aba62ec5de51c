# azurerm has a resource for each family of operating systems. A key turns logins with a password off, as in Nodepool.

resource "azurerm_linux_virtual_machine" "node" {
  count                           = local.windows ? 0 : 1
  name                            = var.name
  computer_name                   = var.computer_name
  location                        = var.location
  resource_group_name             = var.resource_group
  size                            = var.size
  network_interface_ids           = [azurerm_network_interface.node.id]
  admin_username                  = var.admin_username
  admin_password                  = var.ssh_key == null ? local.password : null
  disable_password_authentication = var.ssh_key != null
  source_image_id                 = var.image_reference == null ? local.image_id : null
  user_data                       = try(base64encode(var.user_data), null)
  custom_data                     = try(base64encode(var.custom_data), null)
  tags                            = var.tags

  os_disk {
    caching              = var.disk_caching
    storage_account_type = var.disk_type
    disk_size_gb         = var.disk_size
  }

  dynamic "source_image_reference" {
    for_each = var.image_reference == null ? [] : [var.image_reference]
    content {
      publisher = source_image_reference.value.publisher
      offer     = source_image_reference.value.offer
      sku       = source_image_reference.value.sku
      version   = source_image_reference.value.version
    }
  }

  dynamic "admin_ssh_key" {
    for_each = var.ssh_key == null ? [] : [var.ssh_key]
    content {
      username   = var.admin_username
      public_key = admin_ssh_key.value
    }
  }

  timeouts {
    create = local.timeout
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "azurerm_windows_virtual_machine" "node" {
  count                 = local.windows ? 1 : 0
  name                  = var.name
  computer_name         = var.computer_name
  location              = var.location
  resource_group_name   = var.resource_group
  size                  = var.size
  network_interface_ids = [azurerm_network_interface.node.id]
  admin_username        = var.admin_username
  admin_password        = local.password
  source_image_id       = var.image_reference == null ? local.image_id : null
  user_data             = try(base64encode(var.user_data), null)
  custom_data           = try(base64encode(var.custom_data), null)
  tags                  = var.tags

  os_disk {
    caching              = var.disk_caching
    storage_account_type = var.disk_type
    disk_size_gb         = var.disk_size
  }

  dynamic "source_image_reference" {
    for_each = var.image_reference == null ? [] : [var.image_reference]
    content {
      publisher = source_image_reference.value.publisher
      offer     = source_image_reference.value.offer
      sku       = source_image_reference.value.sku
      version   = source_image_reference.value.version
    }
  }

  timeouts {
    create = local.timeout
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
  }
}
