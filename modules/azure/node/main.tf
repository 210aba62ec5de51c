# One virtual machine with its interface, and a public address for each family where one is wanted. What is looked up
# (image, subnet) comes as ids: a later answer must not change a machine that a job uses. For the same reason nothing is
# ever updated.

locals {
  timeout = "${var.launch_timeout + 60}s" # the launcher's own deadline comes first
  windows = var.os_type == "windows"

  # Uploads are known by the name of their image, all others by their id.
  images   = "/subscriptions/${coalesce(var.subscription_id, "unknown")}/resourceGroups/${var.resource_group}/providers/Microsoft.Compute/images/"
  image_id = try(startswith(var.image_id, "/") ? var.image_id : "${local.images}${var.image_id}", null)

  # 244 random bits, with capitals, small letters and digits in any case. It stays in the state alone, marked as sensitive.
  generated = "Np1${substr(replace("${uuid()}${uuid()}", "-", ""), 0, 61)}"
  password  = var.generate_password ? local.generated : var.admin_password
}

resource "azurerm_public_ip" "ipv4" {
  count               = var.public_ipv4 ? 1 : 0
  name                = "${var.name}-pip-IPv4"
  location            = var.location
  resource_group_name = var.resource_group
  ip_version          = "IPv4"
  sku                 = "Standard"
  allocation_method   = "Static"
  tags                = var.tags

  timeouts {
    create = local.timeout
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "azurerm_public_ip" "ipv6" {
  count               = var.public_ipv6 ? 1 : 0
  name                = "${var.name}-pip-IPv6"
  location            = var.location
  resource_group_name = var.resource_group
  ip_version          = "IPv6"
  sku                 = "Standard"
  allocation_method   = "Static"
  tags                = var.tags

  timeouts {
    create = local.timeout
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "azurerm_network_interface" "node" {
  name                = "${var.name}-nic"
  location            = var.location
  resource_group_name = var.resource_group
  tags                = var.tags

  ip_configuration {
    name                          = "nodepool-v4-ip-config"
    primary                       = true
    subnet_id                     = var.subnet_id
    private_ip_address_version    = "IPv4"
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = one(azurerm_public_ip.ipv4[*].id)
  }

  dynamic "ip_configuration" {
    for_each = var.ipv6 || var.public_ipv6 ? ["IPv6"] : []
    content {
      name                          = "nodepool-v6-ip-config"
      subnet_id                     = var.subnet_id
      private_ip_address_version    = ip_configuration.value
      private_ip_address_allocation = "Dynamic"
      public_ip_address_id          = one(azurerm_public_ip.ipv6[*].id)
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
